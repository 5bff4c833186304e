import assert from "node:assert/strict";
import { test } from "node:test";
import { browserCommand } from "../../../src/adapters/laptop/browser.ts";

const url = "http://127.0.0.1:1/open/x";
for (const [name, env, system, command] of [
  ["a Mac", {}, "darwin", ["open", url]],
  ["Windows", {}, "win32", ["rundll32", "url.dll,FileProtocolHandler", url]],
  ["a desktop", { WAYLAND_DISPLAY: "wayland-0" }, "linux", ["xdg-open", url]],
  ["a server", {}, "linux", undefined],
  ["a login by ssh", { DISPLAY: ":0", SSH_CONNECTION: "x" }, "linux", undefined],
  ["a user with a browser of their own", { BROWSER: "lynx" }, "linux", ["lynx", url]],
] as const)
  test(`on ${name} an address is opened by ${command?.[0] ?? "nobody"}`, () =>
    assert.deepEqual(browserCommand(url, env, system), command));
