import { bytes, fieldsOf, number, parts, text, type Fields } from "./protobuf.ts";

/** Progress of a BuildKit build: the fields of moby.buildkit.v1.StatusResponse that a person can read. */
export interface BuildStatus {
  readonly vertexes: readonly Vertex[];
  readonly statuses: readonly VertexStatus[];
  readonly logs: readonly VertexLog[];
  readonly warnings: readonly string[];
}

/** One step of the build; it is sent again whenever it changes. */
export interface Vertex {
  readonly digest: string;
  readonly name: string;
  readonly cached: boolean;
  /** Milliseconds since the epoch. */
  readonly started: number | undefined;
  readonly completed: number | undefined;
  readonly error: string;
}

/** Something countable inside a step, such as one layer being pulled. */
export interface VertexStatus {
  readonly id: string;
  readonly vertex: string;
  readonly current: number;
  readonly total: number;
  readonly at: number;
}

export interface VertexLog {
  readonly vertex: string;
  readonly bytes: Uint8Array;
}

/** Decodes one `moby.buildkit.trace` message (protobuf wire format); throws RangeError when it is cut off. dockerode's own decoder leaves the output of RUN in base64 and forgets which step it belongs to. */
export function decodeStatus(base64: string): BuildStatus {
  const top = fieldsOf(Buffer.from(base64, "base64"));
  return {
    vertexes: parts(top, 1).map(vertex),
    statuses: parts(top, 2).map(vertexStatus),
    logs: parts(top, 3).map((fields) => ({ vertex: text(fields, 1), bytes: bytes(fields, 4) })),
    warnings: parts(top, 4).map((fields) => text(fields, 3)),
  };
}

function vertex(fields: Fields): Vertex {
  return {
    digest: text(fields, 1),
    name: text(fields, 3),
    cached: number(fields, 4) === 1,
    started: time(fields, 5),
    completed: time(fields, 6),
    error: text(fields, 7),
  };
}

function vertexStatus(fields: Fields): VertexStatus {
  return {
    id: text(fields, 1),
    vertex: text(fields, 2),
    current: number(fields, 4),
    total: number(fields, 5),
    at: time(fields, 6) ?? 0,
  };
}

/** google.protobuf.Timestamp to milliseconds. */
function time(fields: Fields, id: number): number | undefined {
  const [timestamp] = parts(fields, id);
  if (timestamp === undefined) return undefined;
  return number(timestamp, 1) * 1000 + number(timestamp, 2) / 1e6;
}
