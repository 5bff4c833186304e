import assert from "node:assert/strict";
import { test } from "node:test";
import { formatRemoteLine, parseRemoteLine } from "../../../src/core/wire/connection-string.ts";

const server = "0123456789abcdef";
const pin = "p".repeat(42) + "A";

test("the line that init prints is read and written back", () => {
  const cases = [
    [`https://paas.example.com#srv=${server}&pin=${pin}`, "https://paas.example.com", pin],
    [`https://paas.example.com:8443#srv=${server}`, "https://paas.example.com:8443", undefined],
    [`https://[::1]:8443#srv=${server}&pin=${pin}`, "https://[::1]:8443", pin],
  ] as const;
  for (const [line, origin, expected] of cases) {
    const address = parseRemoteLine(line);
    assert.deepEqual(address, { origin, server, pin: expected });
    assert.equal(formatRemoteLine(address), line);
  }
});

test("a line that is not complete is refused with the reason and the command", () => {
  const cases = [
    ["paas.example.com", "should begin with https://"],
    [`http://paas.example.com#srv=${server}`, "should begin with https://"],
    [
      `https://me@paas.example.com#srv=${server}`,
      "should have a host and a port only before the #",
    ],
    [`https://paas.example.com/x#srv=${server}`, "should have a host and a port only before the #"],
    ["https://paas.example.com", "the part after # is missing; the shell may have eaten it"],
    ["https://paas.example.com#srv=12", "srv should be 16 hex digits"],
    [`https://paas.example.com#srv=${server}&pin=x`, "pin should be 43 letters of base64url"],
    [`https://paas.example.com#srv=${server}&x=1`, 'unknown part "x"'],
  ] as const;
  for (const [line, problem] of cases)
    assert.throws(() => parseRemoteLine(line), {
      name: "UserError",
      message: `remote ${JSON.stringify(line)}: ${problem}`,
      hint: "take the whole line that mypaas init printed, in quotes: mypaas remote add prod 'https://paas.example.com#srv=…&pin=…'",
    });
});
