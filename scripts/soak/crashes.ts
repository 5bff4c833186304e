import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CrashKind, PointResult } from "../../test/support/crashes-e2e.ts";

const page = join(import.meta.dirname, "../../docs/reliability.md");

interface Options {
  readonly seed: number;
  /** Of each kind of job; all in their order when there are no more. */
  readonly most: number;
  /** Only kinds whose name has this word. */
  readonly kind: string;
  /** Whether the table goes into docs/reliability.md. */
  readonly write: boolean;
}

interface Row {
  readonly kind: CrashKind;
  readonly found: number;
  readonly results: readonly PointResult[];
  readonly sent: number;
  readonly failed: number;
}

/** Ends the worker before, in and after each effect of each kind of job, under requests; one in four of the workers that recover ends as well. */
export async function crashes({ seed, most, kind: word, write }: Options): Promise<void> {
  console.log(`crashes: seed ${seed}, ${most} points of each kind`);
  // They read the names of the images.
  const { CrashStory, crashKinds, startCrashServer, takenBack } =
    await import("../../test/support/crashes-e2e.ts");
  const { chosen } = await import("../../test/support/crash-points.ts");
  const { seeded } = await import("../../test/support/processes-e2e.ts");
  const random = seeded(seed);
  const at = await startCrashServer("t-soak-crash");
  const rows: Row[] = [];
  try {
    for (const scale of [1, 0] as const) {
      const { sent, failed, why, byNew } = await takenBack(at, scale);
      console.log(
        `taken back, scale ${scale}: ${byNew} of ${sent} by the new, ${failed} failed ${why}`,
      );
      if (failed > 0) process.exitCode = 1;
    }
    for (const kind of crashKinds.filter(({ name }) => name.includes(word))) {
      const story = await CrashStory.begin(at, kind);
      const all = await story.points();
      console.log(`${kind.name}: ${all.length} points`);
      const results: PointResult[] = [];
      for (const point of chosen(all, most, random)) {
        const again = random() < 0.25 ? 1 + Math.floor(random() * 40) : undefined;
        const result = await story.crash(point, again);
        results.push(result);
        const how = result.died ? `back after ${result.recoveryMs} ms` : "not passed";
        const more = again === undefined ? "" : `, then again at moment ${again}`;
        console.log(`${kind.name}: ${result.point}${more}: ${how} ${result.wrong.join("; ")}`);
      }
      const { sent, failed, why, left } = await story.end();
      if (left.length > 0) console.log(`${kind.name}: images left: ${left.join(", ")}`);
      if (left.length > 0) process.exitCode = 1;
      if (failed > 0) console.log(`${kind.name}: ${failed} of ${sent} requests failed: ${why}`);
      rows.push({ kind, found: all.length, results, sent, failed });
    }
  } finally {
    await at.remove();
  }
  const table = tableOf(rows);
  console.log(table);
  if (write) await writeTable(table, seed);
  const isWrong = rows.some(({ results, failed }) => failed > 0 || results.some(hasWrong));
  if (isWrong) process.exitCode = 1;
}

const hasWrong = ({ wrong }: PointResult): boolean => wrong.length > 0;

const effects = ["file", "sqlite", "docker", "traefik"] as const;
const columns = ["job", "moments", ...effects, "slowest", "requests", "failed"] as const;

/** A cell of an effect: workers that were killed there, and after how many of them all was as it has to be. */
function tableOf(rows: readonly Row[]): string {
  const lines = rows.map(({ kind, found, results, sent, failed }) => {
    const died = results.filter((one) => one.died);
    const slowest = Math.max(0, ...died.map(({ recoveryMs }) => recoveryMs));
    const cells = effects.map((effect) => {
      const here = died.filter(({ point }) => point.split(" ")[1] === effect);
      return `${here.filter((one) => !hasWrong(one)).length} of ${here.length}`;
    });
    const requests = kind.isServed ? [sent, failed] : ["–", "–"];
    return [kind.name, found, ...cells, `${(slowest / 1000).toFixed(1)} s`, ...requests];
  });
  return [columns, columns.map(() => "---"), ...lines]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

const [begin, end] = ["<!-- crashes -->", "<!-- /crashes -->"];

async function writeTable(table: string, seed: number): Promise<void> {
  const text = await readFile(page, "utf8");
  const head = text.slice(0, text.indexOf(begin) + begin.length);
  const rest = text.slice(text.indexOf(end));
  await writeFile(page, `${head}\nSeed ${seed}.\n\n${table}\n${rest}`);
}
