import assert from "node:assert/strict";
import { test } from "node:test";
import type { Act } from "../../support/routing-story.ts";
import {
  answers,
  failingActs,
  goodActs,
  perform,
  releaseOf,
  still,
} from "../../support/routing-story.ts";

/**
 * What changes: the old release -> the new one; services beside them.
 * Then for each request the answering release before the switch | while it is held | from the cut-over on. All steps between are checked too.
 */
const table = `
a new image, or env, or port
web/1 roll http://a.test -> web/2 roll port=4000 http://a.test
http://a.test/            web/1 | web/1 | web/2
https://a.test/           web/1 letting go | web/1 letting go | web/2 letting go
http://other.test/        nobody | nobody | nobody

a new image where the old release stops first
web/1 alone http://a.test -> web/2 alone port=4000 http://a.test
http://a.test/            web/1 | wait web/2 or web/1 | web/2

from one container to many
web/1 alone http://a.test -> web/2 roll http://a.test
http://a.test/            web/1 | web/1 | web/2

from many to one container
web/1 roll http://a.test -> web/2 alone http://a.test
http://a.test/            web/1 | wait web/2 or web/1 | web/2

from roll to safe
web/1 roll http://a.test -> web/2 safe http://a.test
http://a.test/            web/1 | wait web/2 or web/1 | web/2

from safe to roll
web/1 safe http://a.test -> web/2 roll http://a.test
http://a.test/            web/1 | web/1 | web/2

the first release of a host
nobody -> web/1 roll http://a.test
http://a.test/            nobody | wait web/1 | web/1

the first release of a host over https
nobody -> web/1 alone https://a.test
http://a.test/            nobody | redirects for now | web/1 redirects
https://a.test/           nobody | wait web/1 | web/1

a domain added
web/1 roll http://a.test -> web/2 roll http://a.test http://b.test
http://a.test/            web/1 | web/1 | web/2
http://b.test/            nobody | wait web/2 | web/2

a domain added where the old release stops first
web/1 alone http://a.test -> web/2 alone http://a.test http://b.test
http://a.test/            web/1 | wait web/2 or web/1 | web/2
http://b.test/            nobody | wait web/2 | web/2

a domain removed
web/1 roll http://a.test http://b.test -> web/2 roll http://a.test
http://a.test/            web/1 | web/1 | web/2
http://b.test/            web/1 | web/1 | nobody

a domain removed where the old release stops first: nobody reaches the new one by it
web/1 alone http://a.test http://b.test -> web/2 alone http://a.test
http://a.test/            web/1 | wait web/2 or web/1 | web/2
http://b.test/            web/1 | wait web/1 | nobody

the only domain removed
web/1 roll http://a.test -> web/2 roll
http://a.test/            web/1 | web/1 | nobody

the only domain removed where the old release stops first
web/1 alone http://a.test -> web/2 alone portless
http://a.test/            web/1 | wait web/1 | nobody

the first domain of a service that had none
web/1 roll -> web/2 roll http://a.test
http://a.test/            nobody | wait web/2 | web/2

the first domain of a service that had none and stops first
web/1 alone portless -> web/2 alone http://a.test
http://a.test/            nobody | wait web/2 | web/2

a service without any domain
web/1 roll -> web/2 roll
http://a.test/            nobody | nobody | nobody

a domain moved to a path
web/1 roll http://a.test -> web/2 roll http://a.test/x
http://a.test/            web/1 | web/1 | nobody
http://a.test/x/y         web/1 | web/1 | web/2
http://a.test/xy          web/1 | web/1 | nobody

a domain moved to a path where the old release stops first
web/1 alone http://a.test -> web/2 alone strip http://a.test/x
http://a.test/            web/1 | wait web/1 | nobody
http://a.test/x           web/1 | wait web/2 strips /x or web/1 | web/2 strips /x
http://a.test/x/y         web/1 | wait web/2 strips /x or web/1 | web/2 strips /x

a path moved to the whole domain
web/1 roll strip http://a.test/x -> web/2 roll http://a.test
http://a.test/            nobody | wait web/2 | web/2
http://a.test/x           web/1 strips /x | web/1 strips /x | web/2

a path moved to the whole domain where the old release stops first
web/1 safe strip http://a.test/x -> web/2 safe http://a.test
http://a.test/            nobody | wait web/2 | web/2
http://a.test/x           web/1 strips /x | wait web/2 or web/1 strips /x | web/2

strip-prefix switched on
web/1 roll http://a.test/x -> web/2 roll strip http://a.test/x
http://a.test/x/y         web/1 | web/1 | web/2 strips /x

strip-prefix switched off where the old release stops first
web/1 alone strip http://a.test/x -> web/2 alone http://a.test/x
http://a.test/x/y         web/1 strips /x | wait web/2 or web/1 strips /x | web/2

http to https
web/1 roll http://a.test -> web/2 roll https://a.test
http://a.test/            web/1 | web/1 | web/2 redirects
https://a.test/           web/1 letting go | wait web/2 | web/2
https://a.test/.well-known/mypaas/v1/requests  receiver | receiver | receiver

https to http
web/1 roll https://a.test -> web/2 roll http://a.test
http://a.test/            web/1 redirects | web/1 redirects | web/2
https://a.test/           web/1 | web/1 | web/2 letting go

http to https where the old release stops first
web/1 alone http://a.test -> web/2 alone https://a.test
http://a.test/            web/1 | wait web/2 or web/1 | web/2 redirects
https://a.test/           web/1 letting go | wait web/2 | web/2

https that stays where the old release stops first
web/1 alone https://a.test -> web/2 alone https://a.test
http://a.test/            web/1 redirects | web/1 redirects | web/2 redirects
https://a.test/           web/1 | wait web/2 or web/1 | web/2

https to both
web/1 roll https://a.test -> web/2 roll https://a.test http://a.test
http://a.test/            web/1 redirects | web/1 redirects | web/2
https://a.test/           web/1 | web/1 | web/2

both to https
web/1 roll https://a.test http://a.test -> web/2 roll https://a.test
http://a.test/            web/1 | web/1 | web/2 redirects
https://a.test/           web/1 | web/1 | web/2

two services on one host by path
nobody -> api/1 roll http://a.test/api; web/900 roll http://a.test
http://a.test/            web/900 | web/900 | web/900
http://a.test/api         web/900 | web/900 | api/1
http://a.test/api/x       web/900 | web/900 | api/1
http://a.test/apix        web/900 | web/900 | web/900

the path of one of two services on a host is given up
api/1 roll http://a.test/api -> api/2 roll http://b.test/api; web/900 roll http://a.test
http://a.test/            web/900 | web/900 | web/900
http://a.test/api         api/1 | api/1 | web/900
http://b.test/api         nobody | wait api/2 | api/2

the path of a service that stops first is given up to its neighbour
api/1 alone http://a.test/api -> api/2 alone http://b.test/api; web/900 roll http://a.test
http://a.test/api         api/1 | wait api/1 | web/900
http://b.test/api         nobody | wait api/2 | api/2

an exact host below a wildcard of another service
nobody -> web/1 roll http://x.a.test; wild/900 roll http://*.a.test
http://x.a.test/          wild/900 | wild/900 | web/1
http://y.a.test/          wild/900 | wild/900 | wild/900
http://x.y.a.test/        nobody | nobody | nobody
http://a.test/            nobody | nobody | nobody

a wildcard above exact hosts of another service
nobody -> wild/1 roll http://*.a.test; web/900 roll http://x.a.test
http://x.a.test/          web/900 | web/900 | web/900
http://y.a.test/          nobody | wait wild/1 | wild/1

from an exact host to the wildcard around it
web/1 alone http://x.a.test -> web/2 alone http://*.a.test
http://x.a.test/          web/1 | wait web/2 or web/1 | web/2
http://y.a.test/          nobody | wait web/2 | web/2

a wildcard with a path below another one
nobody -> api/1 roll strip https://*.a.test/api; wild/900 roll https://*.a.test
https://x.a.test/api/y    wild/900 | wild/900 | api/1 strips /api
http://x.a.test/api/y     wild/900 redirects | wild/900 redirects | api/1 redirects

a domain taken from another service
nobody -> new/1 roll http://a.test; old/900 roll http://a.test http://b.test
http://a.test/            old/900 | old/900 | new/1
http://b.test/            old/900 | old/900 | old/900

an https domain taken by a service that has http only
nobody -> new/1 roll http://a.test; old/900 roll https://a.test
http://a.test/            old/900 redirects | old/900 redirects | new/1
https://a.test/           old/900 | old/900 | new/1 letting go

an http domain taken by a service that has https
new/1 alone http://b.test -> new/2 alone https://a.test; old/900 roll http://a.test
http://a.test/            old/900 | old/900 | new/2 redirects
https://a.test/           old/900 letting go | wait new/2 | new/2
http://b.test/            new/1 | wait new/1 | nobody

the first release of a host whose certificate is not there
nobody -> web/1 roll https://a.bare.test
http://a.bare.test/       nobody | wait web/1 | web/1
https://a.bare.test/      nobody | wait web/1 | web/1

https that stays without a certificate where the old release stops first
web/1 alone https://a.bare.test -> web/2 alone https://a.bare.test
http://a.bare.test/       web/1 | wait web/2 or web/1 | web/2
https://a.bare.test/      web/1 | wait web/2 or web/1 | web/2

https given up without a certificate
web/1 roll https://a.bare.test -> web/2 roll http://a.bare.test
https://a.bare.test/      web/1 | web/1 | nobody

a path below a host that redirects, with and without a certificate of its own
nobody -> api/1 roll https://a.test/api; old/900 roll https://a.test
http://a.test/api/y       old/900 redirects | old/900 redirects | api/1 redirects
https://a.test/api/y      old/900 | old/900 | api/1

a host with a certificate beside one without
web/1 alone https://a.test -> web/2 alone https://a.test https://a.bare.test
http://a.test/            web/1 redirects | web/1 redirects | web/2 redirects
http://a.bare.test/       nobody | wait web/2 | web/2

a path taken while its host stays
nobody -> new/1 roll strip http://a.test/x; old/900 roll http://a.test/x http://a.test
http://a.test/            old/900 | old/900 | old/900
http://a.test/x/y         old/900 | old/900 | new/1 strips /x

a domain taken above a wildcard of a third service
nobody -> new/1 roll http://a.b.test; old/900 roll https://a.b.test; wild/5 roll https://*.b.test
http://a.b.test/          old/900 redirects | old/900 redirects | new/1
https://a.b.test/         old/900 | old/900 | wild/5

a password added
web/1 roll http://a.test -> web/2 roll auth=ann http://a.test
http://a.test/            web/1 | web/1 | web/2: asks ann

a password added where the old release stops first: who waits must know it
web/1 alone http://a.test -> web/2 alone auth=ann http://a.test
http://a.test/            web/1 | wait web/2 or web/1: asks ann | web/2: asks ann

a password removed where the old release stops first: the old one may come back and answer
web/1 alone auth=ann http://a.test -> web/2 alone http://a.test
http://a.test/            web/1: asks ann | wait web/2 or web/1: asks ann | web/2

other users where the old release stops first: who waits must be one that both know
web/1 alone auth=ann+bob http://a.test -> web/2 alone auth=bob http://a.test
http://a.test/            web/1: asks ann bob | wait web/2 or web/1: asks bob | web/2: asks bob

no user that both know
web/1 alone auth=ann http://a.test -> web/2 alone auth=bob http://a.test
http://a.test/            web/1: asks ann | wait web/2 or web/1: asks - | web/2: asks bob

all keys about requests, in their order, and a redirect to https that asks for nothing
web/1 roll header=X-A allow=10.0.0.0/8 rate=20 auth=ann most=9 zip https://a.test -> web/2 roll https://a.test
http://a.test/            web/1 redirects | web/1 redirects | web/2 redirects
https://a.test/           web/1: sets X-A, only 10.0.0.0/8, 20 per 1s, asks ann, 9 at once, zips | web/1: sets X-A, only 10.0.0.0/8, 20 per 1s, asks ann, 9 at once, zips | web/2

all keys where requests wait: a limit of requests at once does not count them
web/1 alone http://a.test -> web/2 alone header=X-A allow=10.0.0.0/8 rate=20 auth=ann most=9 zip http://a.test
http://a.test/            web/1 | wait web/2: sets X-A or web/1: only 10.0.0.0/8, 20 per 1s, asks ann, zips | web/2: sets X-A, only 10.0.0.0/8, 20 per 1s, asks ann, 9 at once, zips

a redirect added: nobody keeps it before its release is live
web/1 roll https://a.test -> web/2 roll https://a.test https://b.test>https://a.test
http://b.test/x           nobody | leads for now to https://a.test/x | web/2 leads to https://a.test/x
https://b.test/x          nobody | leads for now to https://a.test/x | web/2 leads to https://a.test/x

a redirect whose place has no certificate yet
nobody -> web/1 roll https://a.bare.test https://b.test>https://a.bare.test/y
http://b.test/x           nobody | leads for now to http://a.bare.test/y/x | web/1 leads for now to http://a.bare.test/y/x

a domain becomes a redirect
web/1 roll http://a.test http://b.test -> web/2 roll http://a.test http://b.test>http://a.test
http://b.test/            web/1 | web/1 | web/2 leads to http://a.test/

a redirect becomes a domain where the old release stops first
web/1 alone http://a.test http://b.test>http://a.test -> web/2 alone http://a.test http://b.test
http://b.test/            web/1 leads to http://a.test/ | wait web/2 or web/1 leads for now to http://a.test/ | web/2

a redirect taken from another service
nobody -> new/1 roll http://a.test; old/900 roll http://b.test http://a.test>http://b.test
http://a.test/            old/900 leads to http://b.test/ | old/900 leads to http://b.test/ | new/1
`;

for (const block of table.trim().split("\n\n")) {
  const [title = "", change = "", ...requests] = block.split("\n");
  const [going = "", ...others] = change.split("; ");
  const [from = "", to = ""] = going.split(" -> ");
  test(title, () => {
    const old = from === "nobody" ? undefined : releaseOf(from);
    assertStory({ from: old, to: releaseOf(to) }, others.map(releaseOf), requests);
  });
}

function assertStory(
  going: Parameters<typeof goodActs>[0],
  others: Parameters<typeof still>[0],
  requests: readonly string[],
): void {
  const urls = requests.map((line) => line.split(" ")[0] ?? "");
  const columns = requests.map((line) => line.replace(/^\S+ +/, "").split(" | "));
  const [before, held, after] = [0, 1, 2].map((n) => columns.map((column) => column[n]));
  // HSTS is checked by the random tests.
  const ask = (moment: Parameters<typeof answers>[0]) =>
    answers(moment, urls).map((answer) => answer.replaceAll(" strictly", ""));
  const begin = still([...others, ...(going.from === undefined ? [] : [going.from])]);
  const seen = (acts: readonly Act[]) => {
    let moment = begin;
    return acts.map((act) => [act, ...ask((moment = perform(moment, act, going)))]);
  };
  assert.deepEqual(ask(begin), before);

  const acts = goodActs(going);
  const cut = acts.indexOf("cut-over");
  assert.deepEqual(
    seen(acts),
    acts.map((act, n) => [act, ...((n < cut ? held : after) ?? [])]),
  );
  for (const at of ["start", "cut-over"] as const) {
    const failing = failingActs(going, at);
    const expected = { "cut-over": after, "settle-back": before };
    assert.deepEqual(
      seen(failing),
      failing.map((act) => [act, ...({ ...expected }[act as "cut-over"] ?? held ?? [])]),
    );
  }
}
