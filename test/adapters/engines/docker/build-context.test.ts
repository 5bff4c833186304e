import assert from "node:assert/strict";
import { test } from "node:test";
import { extract } from "tar-stream";
import { packContext } from "../../../../src/adapters/engines/docker/build-context.ts";
import { pushSource } from "../../../../src/sources/push.ts";

const empty = async function* () {
  yield Buffer.alloc(0);
};

test("files, folders and links of a push become a tar, each folder before what is in it", async () => {
  const sha256 = "a".repeat(64);
  const file = (path: string, mode: number) => ({ path, mode, size: 0, sha256 });
  const long = `${"d".repeat(200)}/${"é\n".repeat(60)}`;
  const source = pushSource(
    {
      service: "web",
      push: {
        dockerfile: "Dockerfile",
        entries: [
          file("Dockerfile", 0o644),
          file("a/b", 0),
          { path: "a/python", link: "/usr/bin/python3" },
          file("a/su", 0o4755),
          file(long, 0o600),
        ],
        folders: [
          { path: "a", mode: 0o700 },
          { path: "a/empty", mode: 0 },
          { path: "tmp", mode: 0o1777 },
        ],
        options: { pull: false, noCache: false },
      },
    },
    empty,
  );
  const { stream } = packContext(await source.context(), 5000);
  const seen: unknown[] = [];
  const tar = stream.pipe(extract());
  for await (const entry of tar) {
    const { name, type, mode, linkname, mtime, uid } = entry.header;
    seen.push([name, type, mode.toString(8), linkname, mtime?.getTime(), uid]);
    entry.resume();
  }
  assert.deepEqual(seen, [
    ["Dockerfile", "file", "644", null, 5000, 0],
    ["a", "directory", "700", null, 5000, 0],
    ["a/b", "file", "0", null, 5000, 0],
    ["a/empty", "directory", "0", null, 5000, 0],
    ["a/python", "symlink", "644", "/usr/bin/python3", 5000, 0],
    ["a/su", "file", "4755", null, 5000, 0],
    [long, "file", "600", null, 5000, 0],
    ["tmp", "directory", "1777", null, 5000, 0],
  ]);
});
