import { createInterface } from "node:readline";
import { UserError } from "../../core/errors.ts";
import type { World } from "../../core/world.ts";

type Asking = Pick<World, "stdin" | "stderr" | "interrupted">;
type Keyboard = World["stdin"] & { readonly setRawMode?: (on: boolean) => unknown };

/** Asks the person at the terminal; undefined without a terminal. */
export async function askPerson(world: Asking, question: string): Promise<string | undefined> {
  if (world.stdin.isTTY !== true) return undefined;
  world.stderr.write(question);
  const lines = createInterface({ input: world.stdin, signal: world.interrupted });
  try {
    for await (const line of lines) return line.trim();
    return undefined;
  } finally {
    lines.close();
  }
}

/** Asks on the terminal for a line that is not shown while it is typed; undefined without a terminal. */
export async function askSecret(world: Asking, question: string): Promise<string | undefined> {
  const stdin: Keyboard = world.stdin;
  if (stdin.isTTY !== true || stdin.setRawMode === undefined) return undefined;
  world.stderr.write(question);
  stdin.setRawMode(true);
  try {
    return await readTyped(stdin);
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    world.stderr.write("\n");
  }
}

const ctrl = { c: "\u0003", d: "\u0004", h: "\b", u: "\u0015", del: "\u007f" } as const;

/** In raw mode keys arrive as they are pressed, editing included. */
function readTyped(stdin: Keyboard): Promise<string> {
  let typed = "";
  return new Promise((resolve, reject) => {
    const stop = () => {
      stdin.off("data", take);
      stdin.off("end", ended);
    };
    const ended = () => {
      stop();
      reject(new UserError("password: not given", { code: "no-password" }));
    };
    const take = (chunk: Buffer | string) => {
      for (const key of chunk.toString()) {
        if (key === "\r" || key === "\n") {
          stop();
          resolve(typed);
          return;
        }
        if (key === ctrl.c || key === ctrl.d) {
          ended();
          return;
        }
        if (key === ctrl.u) typed = "";
        else if (key === ctrl.h || key === ctrl.del) typed = typed.replace(/.$/su, "");
        else typed += key;
      }
    };
    stdin.on("data", take);
    stdin.once("end", ended);
    stdin.resume();
  });
}
