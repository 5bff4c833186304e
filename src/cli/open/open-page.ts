import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openBrowser } from "../../adapters/laptop/browser.ts";
import type { AnyServiceArgs, CommandIo, ExitCode } from "../command.ts";
import { connect, usualRemote } from "../connect/connect.ts";
import { commandLine, option } from "../output/shell-words.ts";
import { createDoor, type DoorParts } from "./door.ts";
import { pageServer } from "./page-server.ts";
import { serve } from "./serve.ts";
import { createTickets } from "./tickets.ts";

interface Opening extends AnyServiceArgs {
  readonly print?: boolean;
  /** 0: any that is free. */
  readonly port: number;
}

/** Nobody looks any more. */
const quietMs = 60 * 60_000;
/** No view asks so seldom while somebody looks. */
const restMs = 2 * 60_000;

/** Serves the page until Ctrl-C, or until nobody has looked for an hour. */
export async function openPage(args: Opening, io: CommandIo): Promise<ExitCode> {
  const { world } = io;
  const { interrupted, now } = world;
  const remote = args.remote ?? usualRemote(io);
  // A page asks all the time; only what a person has to do is said here.
  const calm: CommandIo = {
    ...io,
    say: (event) => {
      if (event.kind !== "step") io.say(event);
    },
  };
  const connection = await connect(calm, args);
  const server = pageServer({ connection, args, io: calm, remote });
  try {
    // Said here, and not only on a page that is opened for nothing.
    if (args.service === undefined) await server.services();
    else await server.service(args.service);
    const secret = world.random(32).toString("base64url");
    const first = args.service === undefined ? "" : `services/${encodeURIComponent(args.service)}`;
    const tickets = createTickets(world, first);
    let asked = now();
    let host = "";
    const door = createDoor({
      server,
      secret,
      useTicket: tickets.use,
      host: () => host,
      look: {
        server: remote ?? "this server",
        zone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
        command: (...words) => commandLine("mypaas", ...words, ...option("-r", args.remote)),
      },
      now,
      files: await readFiles(join(world.packageRoot, "page")),
      onRequest: () => {
        asked = now();
      },
      onBug: (error) => {
        // What Ctrl-C cut off is no bug.
        if (world.interrupted.aborted) return;
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
        io.say({ kind: "warning", text: `bug in mypaas: ${text}` });
      },
    });
    const served = await serve(door, args.port);
    host = served.host;
    try {
      const url = `http://${host}/${secret}/${first}`;
      io.answer(url, { url });
      const isOpen =
        args.print !== true &&
        (await openBrowser(`http://${host}/open/${tickets.make()}`, world.env));
      io.say({
        kind: "note",
        text: `${isOpen ? "opened in your browser" : "open it in a browser of this machine"}; it ends with Ctrl-C`,
      });
      return await untilQuiet(() => now() - asked, server.rest, interrupted, io);
    } finally {
      await served.close();
    }
  } finally {
    await connection.close();
  }
}

async function untilQuiet(
  quietFor: () => number,
  rest: () => void,
  signal: AbortSignal,
  io: CommandIo,
): Promise<ExitCode> {
  while (!signal.aborted) {
    await sleep(10_000, undefined, { signal }).catch(() => undefined);
    if (quietFor() > restMs) rest();
    if (quietFor() < quietMs) continue;
    io.say({ kind: "note", text: "nobody has looked for an hour, so the page has ended" });
    return 0;
  }
  return 130;
}

const types = {
  "style.css": "text/css; charset=utf-8",
  "script.js": "text/javascript; charset=utf-8",
  "icon.svg": "image/svg+xml",
} as const;

async function readFiles(folder: string): Promise<DoorParts["files"]> {
  const all = Object.entries(types).map(
    async ([name, type]) =>
      [name, { type, text: await readFile(join(folder, name), "utf8") }] as const,
  );
  return Object.fromEntries(await Promise.all(all));
}
