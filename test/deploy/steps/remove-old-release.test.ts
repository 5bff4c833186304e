import assert from "node:assert/strict";
import { test } from "node:test";
import { createNameHandovers } from "../../../src/deploy/name-handover.ts";
import { removeOldRelease } from "../../../src/deploy/steps/remove-old-release.ts";
import { openSwitch } from "../../../src/deploy/switch-context.ts";
import { UserError } from "../../../src/core/errors.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { fakeEngine } from "../../support/fake-engine.ts";
import { release } from "../../support/releases.ts";

for (const isAway of [false, true])
  test(`what answers at places that were given up stays until ${isAway ? "a Traefik that is away was waited for" : "Traefik has forgotten the old containers"}`, async () => {
    const order: string[] = [];
    const clock = fakeClock();
    const did = (): void => {};
    const { engine } = fakeEngine({ clock, behaviours: {}, did });
    const context = openSwitch(
      {
        release: release("web", 2, { routes: ["http://a.test"] }),
        from: release("web", 1, { routes: ["http://a.test", "https://b.test"] }),
        signal: new AbortController().signal,
        server: { instance: "mypaas", httpPort: 80, httpsPort: 443 },
      },
      {
        engine,
        clock,
        router: {
          apply: async ({ kind }) => void order.push(kind),
          confirm: async ({ gone }) => {
            order.push(`gone: ${gone.join(" ")}`);
            if (isAway) throw new UserError("traefik: did not load the routing within 15 s");
          },
          answeringRelease: async () => undefined,
        },
        meter: { begin: async () => ({ read: async () => undefined, end: () => undefined }) },
        journal: { intent: () => {}, outcome: () => {} },
        say: () => {},
        nameHandovers: createNameHandovers(),
      },
    );
    await removeOldRelease(context);
    assert.deepEqual(order, [
      "gone: web-r1-1@docker web-r1-2@docker web-r1-2-http@docker",
      "finished",
    ]);
  });
