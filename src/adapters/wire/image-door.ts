import { Agent } from "node:http";
import { Hono } from "hono";
import { asFields, bad, jsonFields, text, type Fields } from "../../core/actions/fields.ts";
import { doorBase, type DeployEnd, type ImageDoor } from "../../core/registry/door.ts";
import { maxManifestBytes } from "../../core/registry/manifest.ts";
import { isRepository, isTag } from "../../core/registry/paths.ts";
import { UserError } from "../../core/errors.ts";
import { readAtMost } from "../files.ts";
import { errorResponse } from "./errors.ts";
import { askWorker, readJson } from "./upstream.ts";

/** A manifest in base64, a token, and some words. */
const maxQuestionBytes = 2 * maxManifestBytes;
/** Of all questions that are read at the same time. */
const maxBufferedBytes = 2 * maxQuestionBytes;
/** A deploy takes as long as it takes; the receiver stops waiting before. */
const deployMs = 15 * 60_000;

/** The worker's side of the door. It trusts nothing that the receiver says. */
export function imageDoorApp(door: ImageDoor, onBug: (error: unknown) => void): Hono {
  const app = new Hono().basePath(doorBase);
  let buffered = 0;
  const question = async (body: ReadableStream<Uint8Array> | null): Promise<Fields> => {
    if (body === null) throw bad("is empty");
    let own = 0;
    try {
      const pieces = counted(body, (length) => {
        if (buffered + length > maxBufferedBytes)
          throw new UserError("server: too many images at once", { code: "busy" });
        buffered += length;
        own += length;
      });
      const bytes = await readAtMost(pieces, maxQuestionBytes);
      return asFields(jsonFields(bytes.toString("utf8")));
    } finally {
      buffered -= own;
    }
  };
  app.post("check", async (c) => {
    const asked = await question(c.req.raw.body);
    const repository = asked["repository"] === undefined ? undefined : repositoryOf(asked);
    await door.check(tokenOf(asked), repository);
    return c.json({});
  });
  app.post("size", async (c) => {
    const asked = await question(c.req.raw.body);
    const sha256 = text(/^[0-9a-f]{64}$/)(asked["sha256"], "sha256");
    const named = { token: tokenOf(asked), repository: repositoryOf(asked), sha256 };
    return c.json({ size: (await door.sizeOf(named)) ?? null });
  });
  app.post("deploy", async (c) => {
    const asked = await question(c.req.raw.body);
    const { tag, manifest } = asked;
    if (typeof tag !== "string" || !isTag(tag)) throw bad("tag: not valid");
    if (typeof manifest !== "string") throw bad("manifest: not valid");
    const named = { token: tokenOf(asked), repository: repositoryOf(asked), tag };
    return c.json(await door.deploy({ ...named, manifest: Buffer.from(manifest, "base64") }));
  });
  app.onError((error) => {
    if (!(error instanceof UserError)) onBug(error);
    return errorResponse(error);
  });
  return app;
}

/** The receiver's side of it. */
export function upstreamDoor(socketPath: string): ImageDoor {
  const agent = new Agent({ keepAlive: true, maxSockets: 64, maxFreeSockets: 4 });
  const ask = async (what: string, fields: object, answerMs?: number): Promise<Fields> => {
    const body = Buffer.from(JSON.stringify(fields));
    const headers = { "content-type": "application/json" };
    const path = `${doorBase}${what}`;
    const limit = answerMs === undefined ? {} : { answerMs };
    const answer = askWorker({ method: "POST", headers, body, socketPath, agent, path, ...limit });
    return asFields(await readJson(await answer));
  };
  return {
    check: async (token, repository) => void (await ask("check", { token, repository })),
    sizeOf: async (asked) => {
      const { size } = await ask("size", asked);
      return typeof size === "number" ? size : undefined;
    },
    deploy: async ({ manifest, ...asked }) => {
      const encoded = Buffer.from(manifest).toString("base64");
      const end = await ask("deploy", { ...asked, manifest: encoded }, deployMs);
      return { isLive: end["isLive"] === true, text: String(end["text"]) } satisfies DeployEnd;
    },
  };
}

async function* counted(body: ReadableStream<Uint8Array>, count: (bytes: number) => void) {
  for await (const piece of body) {
    count(piece.length);
    yield piece;
  }
}

// No message shows a token.
function tokenOf({ token }: Fields): string {
  if (typeof token === "string" && token.length <= 16_000) return token;
  throw bad("token: not valid");
}

function repositoryOf({ repository }: Fields): string {
  if (typeof repository === "string" && isRepository(repository)) return repository;
  throw bad("repository: not the name of a service");
}
