import assert from "node:assert/strict";
import { test } from "node:test";
import type { Release } from "../../../src/core/release/release.ts";
import { isSameRoute } from "../../../src/core/routing/routes.ts";
import { knownReleases } from "../../../src/core/routing/takeovers.ts";
import type { Client } from "../../support/traefik-interpreter.ts";
import type { Act, Going, Moment } from "../../support/routing-story.ts";
import {
  answers,
  failingActs,
  goodActs,
  oracle,
  perform,
  placeOf,
  releaseOf,
  still,
} from "../../support/routing-story.ts";

const scales = ["roll", "alone", "safe"];
const ways = ["", "sticky", "h2c", "sticky h2c", "timeout", "sticky timeout"];
const routeSets = [
  "",
  "http://a.test",
  "https://a.test",
  "http://a.test https://a.test",
  "http://a.test/api",
  "strip https://a.test/api",
  "https://*.test http://a.test/api",
  "http://*.test http://a.test",
  "https://a.test http://b.test>https://a.test",
  "http://a.test/api https://b.test>http://a.test/api",
  "https://*.test https://a.test>https://elsewhere.example/x",
];
const keySets = [
  "",
  "",
  "auth=ann",
  "auth=ann+bob zip",
  "auth=bob allow=10.0.0.0/8",
  "allow=10.0.0.0/8+::1 rate=20 most=5",
  "header=X-A+X-B rate=7 zip",
  "most=9 header=X-C",
  "body=1999 allow=10.0.0.0/8",
  "body=50 rate=3 zip",
];
const places = ["a.test/", "a.test/api", "a.test/api/x", "a.test/apix", "b.test/", "c.b.test/"];
const urls = places.flatMap((place) => [`http://${place}`, `https://${place}`]);

const senders: readonly Client[] = [
  { body: 0 },
  { body: 50 },
  { body: 51 },
  { body: 1999 },
  { body: 20_000 },
  { body: "endless" },
];
const behind: readonly Client[] = [
  { isBehind: true },
  { isBehind: true, body: 51 },
  { isBehind: true, body: "endless" },
];

/** Hosts whose certificates come and go in the midst of it. */
const securable = ["a.test", "*.test"];

/** One service in the middle of its deploy. */
interface Deploying {
  readonly service: string;
  readonly going: Going;
  readonly acts: readonly Act[];
  readonly done: number;
}

/** Places that one service has taken from the release of another → by which release. */
type Lost = Map<string, string>;

test("two deploys at once answer as each alone would, whatever they change and wherever they fail", () => {
  const counts = { asked: 0, takenOver: 0, failed: 0, closed: 0, refused: 0 };
  for (let seed = 1; seed <= 120; seed += 1) liveThrough(seed, counts);
  console.log(
    `${counts.asked} requests asked, ${counts.takenOver} routes taken over, ${counts.failed} deploys failed, ${counts.closed} answers of a maintenance, ${counts.refused} bodies refused`,
  );
  assert.ok(counts.takenOver > 50 && counts.failed > 100 && counts.closed > 1000);
  assert.ok(counts.refused > 1000);
});

/** Forty steps of two services and of certificates; every request is made at each step. */
function liveThrough(
  seed: number,
  counts: { asked: number; takenOver: number; failed: number; closed: number; refused: number },
): void {
  const random = generator(seed);
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  // Whose number is higher must not matter between services.
  const numbers = new Map([
    ["web", 0],
    ["api", 900],
  ]);
  const lost: Lost = new Map();
  const log: string[] = [`seed ${seed}`];
  let moment = still([], []);
  // Every other server trusts a proxy in front.
  const clients = [...(seed % 2 === 0 ? behind : []), ...senders];
  if (seed % 2 === 0) {
    const { state, running } = moment;
    moment = { state: { ...state, server: { ...state.server, trusted: ["192.0.2.1"] } }, running };
  }
  let deploys: readonly Deploying[] = [];
  for (let step = 0; step < 40; step += 1) {
    if (random(6) === 0) {
      const secured = securable.filter(() => random(2) === 0);
      const { state, running } = moment;
      moment = { state: { ...state, server: { ...state.server, secured } }, running };
      log.push(`certificates of ${secured.join(", ")}`);
    }
    if (random(8) === 0) {
      const closed = [...numbers.keys()].filter(() => random(3) === 0);
      const maintenance = closed.map((name) => ({
        service: name,
        text: "back soon",
        since: 0,
        pass: `of${name}`,
      }));
      moment = { ...moment, state: { ...moment.state, maintenance } };
      log.push(`maintenance of ${closed.join(", ")}`);
    }
    const service = pick([...numbers.keys()]);
    const current = deploys.find((one) => one.service === service);
    if (current === undefined) {
      const number = (numbers.get(service) ?? 0) + 1;
      const text = `${service}/${number} ${pick(scales)} ${pick(ways)} ${pick(routeSets)}`;
      const to = releaseOf(`${text} ${pick(keySets)}`);
      const going = { from: moment.state.live.find((one) => one.spec.service === service), to };
      if (!isAllowed({ moment, deploys, lost }, to)) continue;
      numbers.set(service, number);
      const isBad = random(3) === 0;
      if (isBad) counts.failed += 1;
      const acts = isBad
        ? failingActs(going, pick(["start", "cut-over"] as const))
        : goodActs(going);
      deploys = [...deploys, { service, going, acts, done: 0 }];
      continue;
    }
    const { going, acts, done } = current;
    const act = acts[done] as Act;
    counts.takenOver += keepAccount(lost, moment, { act, to: going.to });
    moment = perform(moment, act, going);
    deploys = deploys.filter((one) => one !== current);
    if (done + 1 < acts.length) deploys = [...deploys, { ...current, done: done + 1 }];
    const { number, spec } = going.to;
    log.push(`${service}/${number} ${act} (${JSON.stringify(spec)})`);
    const seen = answers(moment, urls).map((answer, n) => `${urls[n]} ${answer}`);
    const expected = urls.map((url) => `${url} ${oracle(moment, new Set(lost.keys()), url)}`);
    assert.deepEqual(seen, expected, log.join("\n"));
    counts.asked += urls.length;
    const client = clients[step % clients.length];
    const sent = answers(moment, urls, [], client);
    assert.deepEqual(
      sent,
      urls.map((url) => oracle(moment, new Set(lost.keys()), url, client)),
      `${JSON.stringify(client)}\n${log.join("\n")}`,
    );
    counts.refused += sent.filter((text) => text.includes("refuses")).length;
    const { maintenance = [] } = moment.state;
    if (maintenance.length === 0) continue;
    counts.closed += expected.filter((text) => text.endsWith("maintenance")).length;
    // Whoever knows the pass is answered as if there were none.
    const open = { ...moment, state: { ...moment.state, maintenance: [] } };
    const passes = maintenance.map(({ pass }) => pass);
    assert.deepEqual(answers(moment, urls, passes), answers(open, urls), log.join("\n"));
  }
}

/** Checks takeovers, and their return after a failure; returns the number of routes that were taken over. */
function keepAccount(
  lost: Lost,
  { state }: Moment,
  { act, to }: { readonly act: Act; readonly to: Release },
): number {
  const tag = `${to.spec.service}/${to.number}`;
  if (act === "hold" || act === "settle-back")
    for (const [place, by] of lost) if (by === tag) lost.delete(place);
  if (act !== "cut-over") return 0;
  const taken = knownReleases(state)
    .filter(({ spec }) => spec.service !== to.spec.service)
    .flatMap((other) => sharedRoutes(other, to).map((route) => placeOf(other, route)))
    .filter((place) => !lost.has(place));
  for (const place of taken) lost.set(place, tag);
  return taken.length;
}

const sharedRoutes = (one: Release, other: Release) =>
  one.spec.routes.filter((route) => other.spec.routes.some((its) => isSameRoute(route, its)));

/** What a server lets pass: a route of another service only where that is not being deployed. */
function isAllowed(
  at: { readonly moment: Moment; readonly deploys: readonly Deploying[]; readonly lost: Lost },
  to: Release,
): boolean {
  const coming = at.deploys
    .filter(({ acts, done }) => acts.includes("settle-back") || done <= acts.indexOf("cut-over"))
    .map(({ going }) => going.to);
  const claims = (one: Release): boolean =>
    one.spec.service !== to.spec.service &&
    sharedRoutes(one, to).some((route) => !at.lost.has(placeOf(one, route)));
  if (coming.some(claims)) return false;
  const owner = at.moment.state.live.find(claims);
  return owner === undefined || coming.every(({ spec }) => spec.service !== owner.spec.service);
}

/** Numbers below `n` that are the same in every run. */
function generator(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}
