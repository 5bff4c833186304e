import assert from "node:assert/strict";
import { test } from "node:test";
import { numbersAbove } from "../../../src/core/routing/body-limits.ts";
import { dynamicConfig } from "../../../src/core/routing/dynamic-config.ts";
import { release } from "../../support/releases.ts";

for (const limit of [1, 8, 9, 10, 99, 100, 1024, 1999, 52_428_800, 999_999, 70_368_744_177_664])
  test(`the pattern for numbers above ${limit} knows those around it, and others of its length`, () => {
    const pattern = new RegExp(numbersAbove(limit));
    const numbers = new Set([0, 1, limit - 1, limit, limit + 1, limit * 10, limit * 7 + 3]);
    for (let n = 1; n < limit * 100; n = n * 3 + 1) numbers.add(n);
    for (const n of numbers)
      for (const text of [String(n), `00${n}`])
        assert.equal(pattern.test(text), n > limit, `${text} above ${limit}`);
    for (const text of ["", "-1", "1e9", `${limit}, ${limit}9`, "0x99999999999999"])
      assert.equal(pattern.test(text), false, text);
  });

test("a limit is one refusal of long bodies and one of those without a length, under the name of the release", () => {
  const server = { instance: "mypaas", httpsPort: 443 };
  const web = release("web", 2, { routes: ["http://a.test/x"], spec: { maxBodyBytes: 1024 } });
  const { routers, middlewares } = dynamicConfig({ server, live: [web], switches: [] }).http;
  const place = "Host(`a.test`) && (Path(`/x`) || PathPrefix(`/x/`))";
  const [large, endless] = [routers["large-web-web-r2-1"], routers["endless-web-web-r2-1"]];
  assert.deepEqual(
    [large?.rule, large?.middlewares],
    [
      `${place} && HeaderRegexp(\`Content-Length\`, \`^0*([1-9][0-9]{4,}|[2-9][0-9]{3}|1[1-9][0-9]{2}|10[3-9][0-9]{1}|102[5-9])$\`)`,
      ["web-r2-release", "body-413"],
    ],
  );
  assert.deepEqual(
    [endless?.rule, endless?.middlewares],
    [
      `${place} && (Method(\`POST\`) || Method(\`PUT\`) || Method(\`PATCH\`)) && !HeaderRegexp(\`Content-Length\`, \`.\`)`,
      ["web-r2-release", "body-411"],
    ],
  );
  assert.deepEqual(middlewares["body-413"], {
    errors: { status: ["503"], statusRewrites: { "503": 413 }, service: "nobody", query: "/" },
  });
});
