import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Endpoint } from "../src/core/api/endpoint.ts";
import { endpoints } from "../src/core/api/endpoints.ts";

const file = join(dirname(import.meta.dirname), "docs/api.md");

/** What docs/api.md has to say: words, and a table made of the endpoints themselves. */
export const makeApiDocs = (): string => `${head}
| request | what it does |
| --- | --- |
${endpoints.map(rowOf).join("\n")}

${tail}`;

function rowOf({ method, path, about, does, query = {}, body = [] }: Endpoint): string {
  const asks = Object.keys(query);
  const address = `\`${method} ${path}${asks.length === 0 ? "" : `?${asks.join("&")}`}\``;
  const refused = does.kind === "refused" ? ` ${does.status} \`${does.code}\`.` : "";
  const begins = does.kind === "job" ? " 202 with the job." : "";
  const takes = body.length === 0 ? "" : ` Body: \`${body.join("`, `")}\`.`;
  return `| ${address} | ${about}${takes}${begins}${refused} |`;
}

/** What the page says now. */
export const readApiDocs = (): string => readFileSync(file, "utf8");

/** Returns the path of the page. */
export function writeApiDocs(): string {
  writeFileSync(file, makeApiDocs());
  return file;
}

const head = `# The REST API

Made by \`node scripts/docs.ts\`; a test compares the two.

Programs that speak HTTP read and change services without mypaas on their machine. What a request may do stands in its token, which \`mypaas token create\` makes: signed by your own key, for the services and rights that you name, until the day that you say. The server stores no token.

\`\`\`sh
API=https://paas.example.com/api/v1
TOKEN=$(mypaas token create api --services web --actions push,env,logs,manage -r prod)
ask() { curl -sS -H "Authorization: Bearer $TOKEN" "$@"; }

ask $API/services/web
ask -H 'Content-Type: application/json' -d '{"set": {"GREETING": "hello"}}' $API/services/web/env
JOB=$(ask -X POST -H 'Idempotency-Key: restart-1' $API/services/web/restart | grep -o '[0-9]*')
ask $API/jobs/$JOB/events
ask "$API/services/web/logs?lines=10"
\`\`\`

## Where it is
\`/api/v1\` on the server's own name, after \`sudo mypaas init --api\`. It is off until then, because a service of yours may have that path. \`/.well-known/mypaas/v1/api\` on every host of the server is the same API, always: no service can have it.

## Tokens
- \`Authorization: Bearer TOKEN\`, and nowhere else: addresses are written into logs.
- A token can do what both it and the key that made it may do at that moment. It ends on its day, with \`mypaas token revoke\`, and with its key.
- \`mypaas token create stats --services '*' --read-only\` can look and change nothing. Without \`--actions\` a token can push, and reads what needs no right.
- No token reaches keys, other tokens, logins of registries, certificates of your own, \`run\` or \`exec\`.
- It passes the receiver, the process that the internet reaches. Whoever takes that over can use the tokens that pass, for what they allow, until they end. Give them few services and few days. CI that can sign should keep signing with \`MYPAAS_KEY\`.

## Answers
- **Reading** is 200 with JSON and an \`ETag\`. Send it back as \`If-None-Match\`, and the answer is 304 until there is news; CPU, memory and times are no news.
- **Long work** is 202 with \`{"job": N}\`, and \`Location\`. With an \`Idempotency-Key\` the same request can be sent again for 24 hours and begins one job; another request with that key is 409 \`repeated\`.
- **Live**: \`/jobs/N/events\` and \`/services/web/logs?follow=true\` are lines of JSON. With \`Accept: text/event-stream\` they are server-sent events, and \`Last-Event-ID\` goes on behind that event of a job. Empty lines are signs of life. The last server-sent event is \`end\`.
- **Errors** have one form, and a status that fits: \`{"error": {"code": "no-service", "message": "service blog: not known here", "hint": "…"}}\`. Branch on \`code\`. What is not known in a query or a body is refused, never left out.

## Addresses
\`/apps\` stands for \`/services\`, and \`/builds/N\` for \`/jobs/N\`. [openapi.json](openapi.json) describes each request and answer; the server has it too, at \`/api/v1/openapi.json\`.
`;

const tail = `## Limits
- A body has at most 2 MiB; a service's files come in by [another way](ways-in.md).
- Settings of a service are comments in its Dockerfile, so \`PUT /services/web\` is 405.
- A browser on another site cannot use it: there are no CORS headers.
`;
