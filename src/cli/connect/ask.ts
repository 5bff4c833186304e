import type { Action, Results } from "../../core/actions/actions.ts";
import type { CommandIo, ServerOptions } from "../command.ts";
import type { Connection } from "./connect.ts";

/** Does the work on a connection to the server that the options name, and closes it. */
export async function withServer<T>(
  options: ServerOptions,
  io: CommandIo,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  // What talks to a server takes long to load, and a help text does not need it.
  const { connect } = await import("./connect.ts");
  const connection = await connect(io, options);
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

/** Asks a server once; returns the result of its answer. */
export const ask = <A extends Action>(
  action: A,
  options: ServerOptions,
  io: CommandIo,
): Promise<Results[A["action"]]> => withServer(options, io, (server) => server.ask(action));
