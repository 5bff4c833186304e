import { createServer, type Server, type Socket } from "node:net";
import { mayPush } from "./rights.ts";
import { enrolledKeys } from "../access/enrolled-keys.ts";
import { fingerprint } from "../../core/ssh/public-key.ts";
import type { State } from "../../adapters/state/state.ts";
import { firstLine } from "./lines.ts";
import type { LoginTokens } from "./tokens.ts";

interface KeyParts {
  readonly state: State;
  readonly now: () => number;
  readonly tokens: LoginTokens;
}

/** Answers sshd about one public key with a token, or with nothing for a key that may push nothing here. Only sshd's own user can ask. */
export function keyServer(parts: KeyParts): Server {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.setTimeout(10_000, () => socket.destroy());
    void answer(parts, socket).catch(() => socket.destroy());
  });
  server.maxConnections = 64;
  return server;
}

async function answer({ state, now, tokens }: KeyParts, socket: Socket): Promise<void> {
  const [type, base64 = ""] = (await firstLine(socket)).split(" ");
  const print = fingerprint(Buffer.from(base64, "base64"));
  const key = enrolledKeys(state).find((one) => one.fingerprint === print && one.type === type);
  const isWelcome = key !== undefined && mayPush(key, now());
  socket.end(isWelcome ? `${tokens.make(key.fingerprint)}\n` : "");
}
