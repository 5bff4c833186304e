import { memoryAtRest, type Memory } from "./memory.ts";
import { build, prepare, program } from "./prepare.ts";
import { pushes } from "./push.ts";
import { startup } from "./startup.ts";

/** Prints what mypaas costs beside the bare thing; numbers and ratios, never a verdict. */
const rounds = Number(process.argv[2] ?? 7);
await build();
const server = await prepare("mypaas-bench");
const rows: (readonly [string, string, string, string, string])[] = [];
const memory = (when: string, { worker, receiver }: Memory) => {
  const both = `${(worker + receiver).toFixed(1)} MiB`;
  const each = `${worker.toFixed(1)} + ${receiver.toFixed(1)} MiB`;
  rows.push([`memory (PSS), worker + receiver, ${when}`, both, each, "", "64 MiB"]);
};
try {
  memory("before any push", await memoryAtRest(server));
  const start = await startup(program);
  const pushed = await pushes(server, rounds);
  for (const [what, { ours, floor, ratio }, aim] of [
    ["mypaas --version / node -e 0", start, "1.5"],
    ["push, 1 of 50 files changed / bare Docker calls", pushed, "1.6"],
  ] as const)
    rows.push([what, `${ours.toFixed(0)} ms`, `${floor.toFixed(0)} ms`, ratio.toFixed(2), aim]);
  memory(`after ${rounds + 1} pushes`, await memoryAtRest(server));
} finally {
  await server.remove();
}
const head = ["what (medians)", "mypaas", "floor", "ratio", "aim ≤"] as const;
const table = [head, ...rows];
const widths = head.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
for (const row of table)
  console.log(
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
