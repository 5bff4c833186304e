import assert from "node:assert/strict";
import { test } from "node:test";
import { withStatic } from "../../../src/cli/init/install.ts";
import { wantedConfig } from "../../../src/cli/init/options.ts";
import { traefikContainer } from "../../../src/core/server/infra.ts";

const config = wantedConfig(
  {},
  {
    stateDir: "/s",
    before: undefined,
    server: "0123456789abcdef",
    owner: { name: "root", home: "/root" },
    cwd: "/",
  },
);

test("Traefik is made anew for another static configuration, CA or environment, and shows none of them", () => {
  const labelOf = (text: string, ca?: string, env?: Readonly<Record<string, string>>) => {
    const { labels } = withStatic(traefikContainer(config, env), [text, ca]);
    assert.doesNotMatch(JSON.stringify(labels), /hunter2/);
    return labels["mypaas.static"];
  };
  const all = [
    labelOf("a"),
    labelOf("b"),
    labelOf("a", "ca"),
    labelOf("a", "other ca"),
    labelOf("a", undefined, { TOKEN: "hunter2" }),
    labelOf("a", undefined, { TOKEN: "hunter22" }),
  ];
  assert.equal(new Set(all).size, all.length);
  assert.equal(labelOf("a"), all[0]);
});
