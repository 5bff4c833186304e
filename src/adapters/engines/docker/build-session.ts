import { performServerHandshake, type ServerHttp2Stream } from "node:http2";
import type { Duplex } from "node:stream";
import type Docker from "dockerode";
import { loginFor } from "../../../core/server/registry.ts";
import { readAtMost } from "../../files.ts";
import { dial } from "./client.ts";
import { fieldsOf, text } from "./protobuf.ts";
import type { Login } from "./registry-login.ts";

/** The line on which BuildKit asks its client while it builds. */
export interface BuildSession {
  /** Named in the build's query. */
  readonly id: string;
  readonly end: () => void;
}

/** What a session has answers for. */
interface Answers {
  readonly logins: readonly Login[];
  /** Values that steps may mount as a secret, by name. */
  readonly secrets?: Readonly<Record<string, string>> | undefined;
  /** Gets the names of secrets that a step wanted and that are not there. */
  readonly onMissingSecret?: ((name: string) => void) | undefined;
}

/**
 * Opens a session that answers BuildKit's questions for credentials host by host (moby.filesync.v1.Auth), for secrets by name
 * (moby.buildkit.secrets.v1), and its health checks, without which it hangs up after a while. dockerode's own session does none of
 * these: it has one answer for every registry.
 */
export async function openSession(
  docker: Docker,
  { id, ...answers }: Answers & { readonly id: string },
): Promise<BuildSession> {
  const socket = await hijack(docker, id);
  const session = performServerHandshake(socket);
  session.on("stream", (stream, headers) => {
    stream.on("error", () => undefined);
    void answer(stream, String(headers[":path"]), answers).catch(() => stream.destroy());
  });
  // The build itself reports a lost engine.
  session.on("error", () => socket.destroy());
  socket.on("error", () => session.destroy());
  return {
    id,
    end: () => {
      session.destroy();
      socket.destroy();
    },
  };
}

function hijack(docker: Docker, id: string): Promise<Duplex> {
  const headers = {
    Upgrade: "h2c",
    "X-Docker-Expose-Session-Uuid": id,
    "X-Docker-Expose-Session-Name": "mypaas",
  };
  const statusCodes = { 101: true, 200: true };
  const options = { method: "POST", path: "/session", hijack: true, headers, statusCodes };
  return dial(docker, options);
}

/** The message of an answer; undefined: there is no such thing. */
type Method = (request: Buffer, answers: Answers) => Uint8Array | undefined;

const methods: Readonly<Record<string, Method>> = {
  "/moby.filesync.v1.Auth/Credentials": (request, { logins }) => {
    const login = loginFor(logins, text(fieldsOf(request), 1));
    if (login === undefined) return new Uint8Array();
    return Buffer.concat([textField(1, login.username), textField(2, login.password)]);
  },
  "/moby.buildkit.secrets.v1.Secrets/GetSecret": (request, { secrets = {}, onMissingSecret }) => {
    const name = text(fieldsOf(request), 1);
    const value = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
    if (value === undefined) onMissingSecret?.(name);
    return value === undefined ? undefined : textField(1, value);
  },
  // SERVING
  "/grpc.health.v1.Health/Check": () => Buffer.from([0x08, 0x01]),
};

const notFound = 5;
const unimplemented = 12;
const maxQuestionBytes = 64 * 1024;

/** One unary call of gRPC over HTTP/2: a length-prefixed message each way, the status in the trailers. */
async function answer(stream: ServerHttp2Stream, path: string, answers: Answers): Promise<void> {
  const question = await readAtMost(stream, maxQuestionBytes);
  const head = { ":status": 200, "content-type": "application/grpc" };
  const method = Object.hasOwn(methods, path) ? methods[path] : undefined;
  const message = method?.(question.subarray(prefixBytes), answers);
  if (message === undefined) {
    const status = method === undefined ? unimplemented : notFound;
    stream.respond({ ...head, "grpc-status": String(status) }, { endStream: true });
    return;
  }
  stream.respond(head, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.end(framed(message));
}

/** Compression flag and length. */
const prefixBytes = 5;

function framed(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(prefixBytes);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** A length-delimited field of protobuf. */
function textField(number: number, value: string): Buffer {
  const bytes = Buffer.from(value);
  const length: number[] = [];
  for (let rest = bytes.length; ; rest >>>= 7) {
    length.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest);
    if (rest <= 0x7f) break;
  }
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), bytes]);
}
