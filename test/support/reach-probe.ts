/** An address and a port to try, and the group that it is counted in. */
export interface Target {
  readonly group: string;
  readonly host: string;
  readonly port: number;
}

/** What a program found out about its own network. */
export interface Reach {
  /** Per target: `reached`, `silence`, or the code of the error. */
  readonly said: readonly string[];
  /** There is a default route, and its gateway answers: Docker writes one also where nobody has its address. */
  readonly leadsOut: boolean;
  readonly hasDockerSocket: boolean;
}

/** A program for any Node: tries all targets, and prints a `Reach` as one line. */
export const reachProbe = (targets: readonly Target[]): string => `
const { connect } = require("node:net");
const { existsSync, readFileSync } = require("node:fs");
const ask = ({ host, port }) => new Promise((resolve) => {
  const socket = connect({ host, port });
  const end = (said) => { socket.destroy(); resolve(said); };
  socket.setTimeout(2000, () => end("silence"));
  socket.on("connect", () => end("reached"));
  socket.on("error", ({ code }) => end(code));
});
const rows = (file) => readFileSync(file, "utf8").split("\\n").map((line) => line.trim().split(/\\s+/));
const dotted = (hex) => hex.match(/../g).map((byte) => parseInt(byte, 16)).reverse().join(".");
const leadsOut = () => {
  const route = rows("/proc/net/route").find((fields) => fields[1] === "00000000" && fields[7] === "00000000");
  const known = route && rows("/proc/net/arp").find(([ip]) => ip === dotted(route[2]));
  return known !== undefined && known[2] !== "0x0";
};
Promise.all(${JSON.stringify(targets)}.map(ask)).then((said) => console.log(JSON.stringify({
  said,
  leadsOut: leadsOut(),
  hasDockerSocket: ["/var/run/docker.sock", "/run/docker.sock"].some((path) => existsSync(path)),
})));
`;
