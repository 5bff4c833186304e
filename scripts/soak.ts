import { parseArgs } from "node:util";
import { ensureDocker } from "./machine/docker.ts";
import { ensureNodeImage, ensureTraefikImage } from "./machine/images.ts";
import { crashes } from "./soak/crashes.ts";
import { processes } from "./soak/processes.ts";

/** Long stories by chance, the same for the same seed. Each prints what it counted, and fails when a request failed or something was left. */
const stories = {
  processes: "processes [--seed N] [--changes 100] [--rate 400]",
  crashes: "crashes [--seed N] [--points N] [--kind WORD] [--write]",
} as const;
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: "string", default: String(Date.now() % 100_000) },
    changes: { type: "string", default: "100" },
    rate: { type: "string", default: "400" },
    points: { type: "string", default: "Infinity" },
    kind: { type: "string", default: "" },
    write: { type: "boolean", default: false },
  },
});
const [story = ""] = positionals;
if (!Object.hasOwn(stories, story)) {
  for (const usage of Object.values(stories)) console.error(`usage: npm run soak -- ${usage}`);
  process.exit(2);
}
await ensureDocker();
process.env["MYPAAS_TEST_NODE_IMAGE"] ??= await ensureNodeImage();
process.env["MYPAAS_TEST_TRAEFIK_IMAGE"] ??= await ensureTraefikImage();
const seed = Number(values.seed);
const { kind, write } = values;
if (story === "processes") await processes(seed, Number(values.changes), Number(values.rate));
else await crashes({ seed, most: Number(values.points), kind, write });
// A prober may still have a socket that nobody reads.
process.exit();
