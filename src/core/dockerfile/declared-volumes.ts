import { jsonFields } from "../actions/fields.ts";
import { isSpace } from "../white-space.ts";

/** A path that an instruction VOLUME of a Dockerfile declares. */
export interface DeclaredVolume {
  readonly path: string;
  readonly line: number;
}

interface Stage {
  /** Lower case; empty without one. */
  readonly name: string;
  readonly base: string;
  readonly volumes: DeclaredVolume[];
  /** True with CMD or ENTRYPOINT of its own. */
  hasProgram: boolean;
}

/** Collects the VOLUME instructions of a Dockerfile, and whether it says what runs, stage by stage. */
export function stageReader() {
  const stages: Stage[] = [];
  return {
    /** Takes the next instruction, joined, and its line. */
    see(instruction: string, line: number): void {
      const from = /^from\s+(?:--\S+\s+)*(\S+)(?:\s+as\s+(\S+))?\s*$/i.exec(
        instruction.slice(0, 1000),
      );
      if (from !== null) {
        const [, base = "", name = ""] = from;
        stages.push({
          name: name.toLowerCase(),
          base: base.toLowerCase(),
          volumes: [],
          hasProgram: false,
        });
        return;
      }
      const last = stages.at(-1);
      if (last !== undefined && /^(cmd|entrypoint)\s/i.test(instruction)) last.hasProgram = true;
      if (!/^volume\s/i.test(instruction)) return;
      for (const path of pathsOf(instruction.slice("volume".length)))
        stages.at(-1)?.volumes.push({ path, line });
    },
    /** Those of the stage that is built, and of the stages that it is based on; paths with a variable or quotes are left to the build. */
    volumes: (target: string | undefined): readonly DeclaredVolume[] =>
      madeOf(stages, target)
        .flatMap((stage) => stage.volumes)
        .filter(({ path }) => !/["'\\$]/.test(path)),
    /** True when one of the same stages has CMD or ENTRYPOINT. */
    hasProgram: (target: string | undefined): boolean =>
      madeOf(stages, target).some((stage) => stage.hasProgram),
  };
}

function madeOf(stages: readonly Stage[], target: string | undefined): readonly Stage[] {
  const wanted = target?.toLowerCase();
  const index =
    wanted === undefined || /^\d+$/.test(wanted)
      ? Number(wanted ?? stages.length - 1)
      : stages.findIndex(({ name }) => name === wanted);
  return inherited(stages, index);
}

function inherited(stages: readonly Stage[], index: number): readonly Stage[] {
  const stage = stages[index];
  if (stage === undefined) return [];
  // Only a stage above can be a base.
  const base = stages.slice(0, index).findLastIndex(({ name }) => name === stage.base);
  return [...(stage.base === "" ? [] : inherited(stages, base)), stage];
}

/** A JSON list, else words, as Docker reads both. */
function pathsOf(text: string): readonly string[] {
  const list: unknown = jsonFields(text.trim());
  if (Array.isArray(list) && list.every((one) => typeof one === "string")) return list;
  const words: string[] = [];
  let word = "";
  for (const char of `${text} `) {
    if (!isSpace(char)) word += char;
    else if (word !== "") {
      words.push(word);
      word = "";
    }
  }
  return words;
}
