import type { ProberReport } from "../../test/support/prober.ts";

export interface Row {
  readonly what: string;
  readonly deploys: number;
  readonly report: ProberReport;
}

const head = ["what", "deploys", "sent", "failed", "old after new", "p50", "p99", "longest"];

/** Markdown whose columns also line up as plain text. Times are those of quick answers, with their waiting. */
export function table(rows: readonly Row[]): string {
  const cells = rows.map(({ what, deploys, report }) => {
    const { sent, failed, oldAfterNew, quick } = report;
    const times = [quick.p50, quick.p99, quick.longest].map(milliseconds);
    return [what, ...[deploys, sent, failed, oldAfterNew].map(thousands), ...times];
  });
  const widths = head.map((title, at) =>
    Math.max(title.length, ...cells.map((row) => row[at]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join(" | ")} |`;
  const rule = widths.map((width, at) =>
    at === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`,
  );
  return [line(head), line(rule), ...cells.map(line)].join("\n");
}

/** As people read it: 68 000. */
export const thousands = (value: number): string =>
  String(value).replaceAll(/\B(?=(\d{3})+$)/g, "\u00a0");

/** Milliseconds below a second, else seconds. */
export const milliseconds = (ms: number): string =>
  ms < 1000 ? `${ms < 100 ? ms.toFixed(1) : ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(2)} s`;
