import { randomUUID } from "node:crypto";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { bridgeAddress } from "./bridge-address.ts";

export interface BuildGate {
  /** A build step that says `the slow step began` and ends when the gate is open; never in the cache of an earlier run. */
  readonly step: string;
  readonly open: () => void;
}

/** Keeps a build running until the test opens the gate, however slow the machine is. */
export async function closeBuildGate(): Promise<BuildGate> {
  const waiting = new Set<Socket>();
  const server = createServer((socket) => {
    waiting.add(socket);
    socket.on("error", () => socket.destroy());
  });
  const address = await bridgeAddress();
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const { port } = server.address() as AddressInfo;
  const program = [
    `console.log('the slow step began', '${randomUUID()}')`,
    `require('node:net').connect(${port}, '${address}').resume()`,
  ];
  return {
    step: `RUN ["node", "-e", "${program.join("; ")}"]`,
    open: () => {
      for (const socket of waiting) socket.end();
      server.close();
    },
  };
}
