import { chmod, rename, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";

/** Between Traefik and the worker's Docker socket; while it is deaf, what Docker tells of its own accord gets lost. */
export interface Between {
  readonly deafen: (isDeaf: boolean) => void;
  /** Messages that were lost. */
  readonly lost: () => number;
  readonly stop: () => Promise<void>;
}

/** Takes the place of the socket at `path`; whoever is connected to it already must connect anew. */
export async function standBetween(path: string): Promise<Between> {
  const real = `${path}.real`;
  const open = new Set<Socket>();
  let isDeaf = false;
  let lost = 0;
  await rename(path, real);
  const server = createServer((client) => {
    const upstream = connect(real);
    let isStream = false;
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("close", () => open.delete(socket)).on("error", () => socket.destroy());
    }
    client.on("data", (chunk: Buffer) => {
      isStream = /^GET \S*\/events/.test(chunk.toString("latin1"));
      upstream.write(chunk);
    });
    upstream.on("data", (chunk: Buffer) => {
      if (isStream && isDeaf) lost += 1;
      else client.write(chunk);
    });
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  await chmod(path, 0o666);
  return {
    deafen: (now) => {
      isDeaf = now;
    },
    lost: () => lost,
    stop: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await rm(path, { force: true });
      await rename(real, path);
    },
  };
}
