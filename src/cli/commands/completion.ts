import type { CommandFile, CommandIo, ExitCode } from "../command.ts";
import { completionScripts, shells, type Shell } from "../completion/scripts.ts";

export const declaration: CommandFile = {
  choices: shells,
  examples: [
    "source <(mypaas completion bash)",
    "mypaas completion zsh > ~/.zfunc/_mypaas",
    "mypaas completion fish > ~/.config/fish/completions/mypaas.fish",
  ],
  run: completion,
};

/** `mypaas completion bash|zsh|fish`. */
function completion({ shell }: { readonly shell: Shell }, io: CommandIo): ExitCode {
  const script = completionScripts[shell];
  io.answer(script.trimEnd(), { shell, script });
  return 0;
}
