import type { Action } from "../../core/actions/actions.ts";
import type { CommandIo } from "../io.ts";
import type { ConnectOptions } from "./connect.ts";

/** The options of every command that talks to a server. */
export interface ServerOptions extends ConnectOptions {
  /** `-r NAME`. */
  readonly remote?: string | undefined;
}

/** Asks a server once and closes the connection; returns the result of its answer. */
export async function ask(action: Action, options: ServerOptions, io: CommandIo): Promise<unknown> {
  // What talks to a server takes long to load, and a help text does not need it.
  const { connect } = await import("./connect.ts");
  const connection = await connect(io, options.remote, options);
  try {
    return (await connection.ask(action)).result;
  } finally {
    await connection.close();
  }
}
