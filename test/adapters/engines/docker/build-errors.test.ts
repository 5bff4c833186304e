import assert from "node:assert/strict";
import { test } from "node:test";
import { buildError } from "../../../../src/adapters/engines/docker/build-errors.ts";

interface Case {
  readonly says: string;
  readonly step?: string;
  readonly tail?: readonly string[];
  readonly dockerfile?: string;
  readonly text: string;
  readonly hint?: string;
}

const llb = "failed to solve with frontend dockerfile.v0: failed to create LLB definition: ";
const network = "check the server's network and DNS, then push again";
const login = (host: string) => `check the name in FROM, or log in: mypaas registry login ${host}`;
const name = "check the name and the tag in FROM";
const source =
  "check the path, which counts from the context's folder, and .dockerignore; to send another folder: mypaas push --context DIR";
const git = ".git stays behind unless .dockerignore has a line that is: !.git";
const newer =
  "Docker on the server is too old for it: put this on the first line, which the server then loads from Docker Hub: # syntax=docker/dockerfile:1";
const buildkit =
  'remove "buildkit": false from /etc/docker/daemon.json on the server, and restart Docker there';
const address = "check the address, and that the server reaches it";
const above = (folder: string) =>
  `send the folder that holds it, from which all paths then count: mypaas push --context ${folder}`;
const mount = "/var/lib/docker/tmp/buildkit-mount4162232462";

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
    says: 'failed to do request: Head "https://registry-1.docker.io/v2/docker/dockerfile/manifests/1": dial tcp: no such host',
    text: 'build web: syntax "docker/dockerfile:1": registry registry-1.docker.io cannot be reached',
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
  // A folder that is missing above the source.
  {
    says: `failed to compute cache key: failed to walk ${mount}/sub/nodir: lstat ${mount}/sub/nodir: no such file or directory`,
    step: "COPY sub/nodir/a.txt /",
    text: 'build web: step "COPY sub/nodir/a.txt /": "sub/nodir" is not in the build context',
    hint: source,
  },
  {
    says: `failed to compute cache key: lstat ${mount}/nodir: no such file or directory`,
    step: "COPY nodir/*.txt /",
    text: 'build web: step "COPY nodir/*.txt /": "nodir" is not in the build context',
    hint: source,
  },
  {
    says: 'failed to compute cache key: "/nope" not found: not found',
    step: "COPY --from=build /nope /b",
    text: 'build web: step "COPY --from=build /nope /b": "nope" is not in "build"',
    hint: "check the path in that stage or image",
  },
  // Outside of the context.
  {
    says: 'failed to compute cache key: "/x" not found: not found',
    step: "COPY ../x /",
    text: 'build web: step "COPY ../x /": "../x" is outside the build context',
    hint: above(".."),
  },
  {
    says: `failed to compute cache key: failed to walk ${mount}/common: lstat ${mount}/common: no such file or directory`,
    step: 'COPY ["../../common/lib", "/lib"]',
    text: `build web: step "COPY ["../../common/lib", "/lib"]": "../../common/lib" is outside the build context`,
    hint: above("../.."),
  },
  {
    says: "COPY failed: forbidden path outside the build context: ../../common/lib ()",
    step: "COPY ../../common/lib /lib",
    text: 'build web: step "COPY ../../common/lib /lib": "../../common/lib" is outside the build context',
    hint: above("../.."),
  },
  // .git
  {
    says: 'failed to compute cache key: "/.git" not found: not found',
    step: "COPY .git /src/.git",
    text: 'build web: step "COPY .git /src/.git": ".git" is not in the build context',
    hint: git,
  },
  {
    says: `failed to compute cache key: failed to walk ${mount}/.git: lstat ${mount}/.git: no such file or directory`,
    step: "COPY .git/HEAD /",
    text: 'build web: step "COPY .git/HEAD /": ".git" is not in the build context',
    hint: git,
  },
  {
    says: "executor failed running [/bin/sh -c git describe]: exit code: 128",
    step: "RUN git describe",
    tail: ["fatal: not a git repository (or any of the parent directories): .git"],
    text: 'build web: step "RUN git describe" stopped with exit code 128',
    hint: git,
  },
  // ADD of an address.
  {
    says: 'failed to load cache key: Get "https://example.com/x.tgz": dial tcp 192.0.2.1:443: connect: connection refused',
    step: "ADD https://example.com/x.tgz",
    text: "build web: ADD https://example.com/x.tgz: dial tcp 192.0.2.1:443: connect: connection refused",
    hint: address,
  },
  {
    says: 'ADD failed: Get "https://no.such.invalid/x.tgz": dial tcp: lookup no.such.invalid: no such host',
    step: "ADD https://no.such.invalid/x.tgz /",
    text: "build web: ADD https://no.such.invalid/x.tgz: dial tcp: lookup no.such.invalid: no such host",
    hint: address,
  },
  {
    says: "failed to load cache key: invalid response status 404",
    step: "ADD https://ann:secret@example.com/x.tgz?token=abc",
    text: "build web: ADD https://example.com/x.tgz: the answer is 404",
    hint: address,
  },
  {
    says: "ADD failed: failed to GET https://example.com/x.tgz?token=abc with status 403 Forbidden: no",
    step: "ADD https://example.com/x.tgz?token=abc /",
    text: "build web: ADD https://example.com/x.tgz: the answer is 403 Forbidden",
    hint: address,
  },
  // What an older reader of Dockerfiles does not know.
  {
    says: `${llb}dockerfile parse error line 2: Unknown flag: link`,
    text: "Dockerfile:2: unknown flag: link",
    hint: newer,
  },
  {
    says: `${llb}dockerfile parse error line 2: Unknown flag: exclude`,
    text: "Dockerfile:2: unknown flag: exclude",
    hint: newer,
  },
  {
    says: `${llb}dockerfile parse error line 2: Unknown flag: nope`,
    text: "Dockerfile:2: unknown flag: nope",
  },
  {
    says: `${llb}dockerfile parse error line 3: unknown instruction: ECHO`,
    dockerfile: "FROM x\nRUN <<EOF\necho hi\nEOF\n",
    text: "Dockerfile:3: unknown instruction: ECHO",
    hint: newer,
  },
  {
    says: `${llb}dockerfile parse error line 5: unknown instruction: ECHO`,
    dockerfile: "FROM x\nRUN <<EOF\necho hi\nEOF\necho\n",
    text: "Dockerfile:5: unknown instruction: ECHO",
  },
  {
    says: "the --chmod option requires BuildKit. Refer to https://docs.docker.com/go/buildkit/ to learn",
    text: "Dockerfile: --chmod needs BuildKit, and Docker on the server builds without it",
    hint: buildkit,
  },
  // What is not about an image does not name one.
  { says: "open x: 403", text: "build web: open x: 403" },
  {
    says: "open /var/lib/docker/overlay2/1f7c30d7e3/merged/etc/passwd: no such file or directory",
    step: "COPY --chown=web a /",
    text: 'build web: step "COPY --chown=web a /": open /etc/passwd: no such file or directory',
  },
  {
    says: `failed to walk ${mount}: permission denied`,
    step: "COPY a /",
    text: 'build web: step "COPY a /": failed to walk /: permission denied',
  },
];

test("the engine's reasons become one sentence each", async (t) => {
  for (const { says, step, tail = [], dockerfile, text, hint } of cases) {
    await t.test(text, () => {
      const error = buildError({
        service: "web",
        dockerfile: "Dockerfile",
        message: says,
        step,
        tail,
        text: dockerfile,
      });
      assert.deepEqual({ message: error.message, hint: error.hint }, { message: text, hint });
      assert.equal(error.code, "build-failed");
    });
  }
});

test("the classic builder is not helped by a syntax directive", () => {
  const { hint } = buildError({
    service: "web",
    dockerfile: "Dockerfile",
    message: "dockerfile parse error line 2: Unknown flag: link",
    step: undefined,
    tail: [],
    buildkit: false,
  });
  assert.equal(hint, `it needs BuildKit: ${buildkit}`);
});
