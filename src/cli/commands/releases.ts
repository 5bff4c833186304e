import { releaseWord } from "../../core/health/service-state.ts";
import type { ReleaseInfo } from "../../core/actions/lifecycle.ts";
import { shortFrom } from "../../core/push/from.ts";
import { formatAge, formatDuration } from "../../core/format.ts";
import type { AnyServiceArgs, CommandFile, CommandIo, ExitCode } from "../command.ts";
import { ask } from "../connect/ask.ts";
import { shortened, table } from "../output/table.ts";

export const declaration: CommandFile = {
  examples: ["mypaas releases -r prod", "mypaas releases web -r prod"],
  run: releases,
};

/** `mypaas releases [SERVICE]`: what ran, when, by whom, what the switch took and what one can go back to. */
export async function releases(args: AnyServiceArgs, io: CommandIo): Promise<ExitCode> {
  const { service } = args;
  const which = service === undefined ? {} : { service };
  const list = await ask({ action: "release.list", ...which }, args, io);
  io.answer(describe(list.releases, service, io.world.now()), list);
  return 0;
}

/** Without a service, the newest of each are enough. */
const shownOfEach = 5;

function describe(all: readonly ReleaseInfo[], service: string | undefined, now: number): string {
  if (all.length === 0)
    return service === undefined ? "no releases yet" : `no releases of ${service}`;
  if (service !== undefined) return listing(all, now);
  const names = [...new Set(all.map((one) => one.service))];
  const newest = (name: string) => all.filter((one) => one.service === name).slice(0, shownOfEach);
  return names.map((name) => `${name}\n${listing(newest(name), now)}`).join("\n\n");
}

const columns = [
  "release",
  "state",
  "age",
  "by",
  "from",
  "image",
  "switch",
  "requests",
  "failed",
] as const;

const listing = (all: readonly ReleaseInfo[], now: number): string =>
  table(
    columns,
    all.map((one) => row(one, now)),
  );

function row(one: ReleaseInfo, now: number): readonly string[] {
  const { release, created, by, from, image, repeats, receipt } = one;
  const { ms, requests, failed } = receipt ?? {};
  return [
    repeats === undefined ? `${release}` : `${release} = ${repeats}`,
    releaseWord(one),
    formatAge(now - created),
    shortened(by, 14),
    from === undefined ? "" : shortened(shortFrom(from), 30),
    image.replace(/^sha256:/, "").slice(0, 12),
    ms === undefined ? "" : formatDuration(ms),
    String(requests ?? ""),
    String(failed ?? ""),
  ];
}

/** `kept`: can be gone back to; `gone`: its image was removed. */
