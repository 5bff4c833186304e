import assert from "node:assert/strict";
import { test } from "node:test";
import { buildError } from "../../../../src/adapters/engines/docker/build-errors.ts";

interface Case {
  readonly says: string;
  readonly step?: string;
  readonly tail?: readonly string[];
  readonly text: string;
  readonly hint?: string;
}

const llb = "failed to solve with frontend dockerfile.v0: failed to create LLB definition: ";
const network = "check the server's network and DNS, then push again";
const login = (host: string) => `check the name in FROM, or log in: mypaas registry login ${host}`;
const name = "check the name and the tag in FROM";
const source = "check the path, which counts from the context's folder, and .dockerignore";

const cases: readonly Case[] = [
  {
    says: "executor failed running [/bin/sh -c npm test]: exit code: 1",
    step: "RUN npm test",
    tail: ["1 failing"],
    text: 'build web: step "RUN npm test" stopped with exit code 1',
  },
  {
    says: 'process "/bin/sh -c npm test" did not complete successfully: exit code: 2',
    step: "RUN npm test",
    text: 'build web: step "RUN npm test" stopped with exit code 2',
  },
  {
    says: "The command '/bin/sh -c npm ci' returned a non-zero code: 137",
    step: "RUN npm ci",
    text: 'build web: step "RUN npm ci" stopped with exit code 137',
    hint: "give the server more memory: it killed the step, which usually means out of memory",
  },
  {
    says: `${llb}dockerfile parse error line 2: unknown instruction: RUNN`,
    text: "Dockerfile:2: unknown instruction: RUNN",
  },
  {
    says: "failed to solve: dockerfile parse error on line 3: Unknown flag: x",
    text: "Dockerfile:3: unknown flag: x",
  },
  {
    says: `${llb}no build stage in current context`,
    text: "Dockerfile: an instruction stands before the first FROM",
  },
  {
    says: "failed to parse Dockerfile: file with no instructions",
    text: "Dockerfile: has no instructions",
    hint: "begin with a line such as: FROM debian:12",
  },
  {
    says: "Cannot locate specified Dockerfile: Dockerfile",
    text: "Dockerfile: not found in the build context",
    hint: "see that .dockerignore does not exclude it",
  },
  {
    says: `${llb}base name ($\{X}) should not be blank`,
    text: "Dockerfile: FROM ${X} is empty",
    hint: "add a default above FROM, or a comment: # mypaas.build-arg = NAME=value",
  },
  {
    says: `${llb}target stage nope could not be found`,
    text: 'Dockerfile: no build stage "nope"',
    hint: "name a stage: FROM … AS nope, or change mypaas.target",
  },
  {
    says: "failed to reach build target nope in Dockerfile",
    text: 'Dockerfile: no build stage "nope"',
    hint: "name a stage: FROM … AS nope, or change mypaas.target",
  },
  {
    says: 'failed to compute cache key: "/a.txt" not found: not found',
    step: "COPY a.txt /",
    text: 'build web: step "COPY a.txt /": "a.txt" is not in the build context',
    hint: source,
  },
  {
    says: 'failed to compute cache key: failed to calculate checksum of ref a::b: "/a.txt": not found',
    step: "COPY a.txt /",
    text: 'build web: step "COPY a.txt /": "a.txt" is not in the build context',
    hint: source,
  },
  {
    says: "COPY failed: no source files were specified",
    step: "COPY *.x /",
    text: 'build web: step "COPY *.x /": no file of that name in the build context',
    hint: source,
  },
  {
    says: 'failed to do request: Head "https://registry-1.docker.io/v2/library/node/manifests/24": dial tcp: no such host',
    text: 'build web: base image "node:24": registry registry-1.docker.io cannot be reached',
    hint: network,
  },
  {
    says: "docker.io/library/node:nope: not found",
    text: 'build web: base image "node:nope": not found',
    hint: name,
  },
  {
    says: "manifest for node:nope not found: manifest unknown: manifest unknown",
    text: 'build web: base image "node:nope": not found',
    hint: name,
  },
  {
    says: "pull access denied for me/private, repository does not exist or may require 'docker login'",
    text: 'build web: base image "me/private": the registry wants a login, or has no such image',
    hint: login("docker.io"),
  },
  {
    says: "failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized",
    step: "FROM r.example.com/x:1",
    text: 'build web: base image "r.example.com/x:1": the registry wants a login, or has no such image',
    hint: login("r.example.com"),
  },
  {
    says: "toomanyrequests: You have reached your pull rate limit",
    step: "FROM node:24",
    text: 'build web: base image "node:24": the registry limits how often this server may ask',
    hint: "wait an hour and push again",
  },
  {
    says: "no match for platform in manifest sha256:0: not found",
    step: "FROM x:1",
    text: 'build web: base image "x:1": not made for this server\'s processor',
    hint: name,
  },
  {
    says: "write /var/lib/docker/x: no space left on device",
    text: "build web: no space left on the server's disk",
    hint: "see what Docker uses on the server: docker system df",
  },
  {
    says: "executor failed running [/bin/sh -c x]: exit code: 1",
    step: "RUN x",
    tail: [
      'runc run failed: unable to start container process: exec: "/bin/sh": stat /bin/sh: no such file or directory',
    ],
    text: 'build web: step "RUN x": cannot run /bin/sh: no such file or directory',
    hint: 'use a base image with a shell, or write the step as RUN ["program", "argument"]',
  },
  {
    says: "failed to solve: secret NPM_TOKEN: not found",
    step: "RUN --mount=type=secret,id=NPM_TOKEN,required=true npm ci",
    text: 'build web: step "RUN --mount=type=secret,id=NPM_TOKEN,required=true npm ci": secret NPM_TOKEN is not set on the server',
    hint: "set it, then push again: mypaas env web set NPM_TOKEN=… --secret",
  },
  {
    says: "secret npm-token not found: not found",
    text: "build web: secret npm-token is not set on the server",
    hint: "set it, then push again: mypaas env web set npm-token=… --secret",
  },
  {
    says: `${llb}dockerfile parse error line 2: unexpected key 'env' in 'env=TOKEN'`,
    text: "Dockerfile:2: this server's Docker Engine is too old for env=TOKEN in a secret mount",
    hint: "leave it out and read the file /run/secrets/NAME in the step, or upgrade Docker Engine to 28",
  },
  {
    says: 'no SSH key "" forwarded from the client',
    step: "RUN --mount=type=ssh,required=true git clone x",
    text: 'build web: step "RUN --mount=type=ssh,required=true git clone x": --mount=type=ssh: the server has no SSH agent for builds',
    hint: "set a token or deploy key as a secret, and mount it: RUN --mount=type=secret,id=NAME",
  },
  {
    says: "the --mount option requires BuildKit. Refer to https://docs.docker.com/go/buildkit/ to learn how to build images with BuildKit enabled",
    step: "RUN --mount=type=secret,id=X x",
    text: 'build web: step "RUN --mount=type=secret,id=X x": this server\'s Docker builds without BuildKit, which RUN --mount needs',
    hint: "leave out --mount, or use a Docker Engine with BuildKit, 20.10 or newer",
  },
  { says: "something\u001b[2J new", text: "build web: something new" },
];

test("the engine's reasons become one sentence each", async (t) => {
  for (const { says, step, tail = [], text, hint } of cases) {
    await t.test(text, () => {
      const error = buildError({
        service: "web",
        dockerfile: "Dockerfile",
        message: says,
        step,
        tail,
      });
      assert.deepEqual({ message: error.message, hint: error.hint }, { message: text, hint });
      assert.equal(error.code, "build-failed");
    });
  }
});
