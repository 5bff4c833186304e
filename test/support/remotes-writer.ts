import { dirname } from "node:path";
import { changeRemotes } from "../../src/adapters/laptop/remotes.ts";

// A process of its own that adds remotes NAME0, NAME1 … as fast as it can: node remotes-writer.ts FILE NAME COUNT
const [file = "", name = "", count = "0"] = process.argv.slice(2);
const env = { XDG_CONFIG_HOME: dirname(dirname(file)) };
for (let index = 0; index < Number(count); index += 1) {
  const address = { origin: "https://paas.example.com", server: "0123456789abcdef" };
  const made = { ...address, name: `${name}${index}`, pin: undefined, fingerprint: undefined };
  // oxlint-disable-next-line no-await-in-loop
  await changeRemotes({ env, home: "/nowhere" }, (all) => [...all, made]);
  console.log(index);
}
