import assert from "node:assert/strict";
import { test } from "node:test";
import { plainText, stripControls } from "../../src/core/terminal-text.ts";
import { assertLinear } from "../support/growth.ts";

const esc = "\u001b";
const cases: readonly (readonly [name: string, text: string, stripped: string, plain: string])[] = [
  ["plain text", "hello wörld → 🙂", "hello wörld → 🙂", "hello wörld → 🙂"],
  ["a tab", "a\tb", "a\tb", "a\tb"],
  ["a colour", `${esc}[31mred${esc}[0m`, `${esc}[31mred${esc}[0m`, "red"],
  ["a short reset", `${esc}[1;31mred${esc}[m`, `${esc}[1;31mred${esc}[m`, "red"],
  ["a colour left open", `${esc}[38;5;9mred`, `${esc}[38;5;9mred${esc}[0m`, "red"],
  ["colons in a colour", `${esc}[38:2::1:2:3mx${esc}[0m`, `${esc}[38:2::1:2:3mx${esc}[0m`, "x"],
  ["clear screen and cursor moves", `a${esc}[2J${esc}[1;1H${esc}[?25lb`, "ab", "ab"],
  ["a carriage return and a bell", "a\r\u0007b\u0008c\u0000", "abc", "abc"],
  ["a line end", "a\nb\r\n", "ab", "ab"],
  ["delete", "a\u007fb", "ab", "ab"],
  ["a window title ended by BEL", `a${esc}]0;title\u0007b`, "ab", "ab"],
  ["a link ended by ST", `${esc}]8;;http://x${esc}\\text${esc}]8;;${esc}\\`, "text", "text"],
  ["clipboard access", `a${esc}]52;c;ZXZpbA==\u0007b`, "ab", "ab"],
  ["OSC that never ends", `a${esc}]0;title`, "a", "a"],
  [
    "OSC that never ends before a colour",
    `a${esc}]0;b${esc}[1mc${esc}[0m`,
    `a${esc}[1mc${esc}[0m`,
    "ac",
  ],
  [
    "DCS, APC, PM and SOS",
    `a${esc}Pq#0${esc}\\b${esc}_x${esc}\\c${esc}^y${esc}\\d${esc}Xz${esc}\\e`,
    "abcde",
    "abcde",
  ],
  ["8-bit CSI, also as a colour", "a\u009b31mb\u009b2Jc", "abc", "abc"],
  ["8-bit OSC ended by 8-bit ST", "a\u009d0;t\u009cb", "ab", "ab"],
  ["CSI that never ends", `a${esc}[31`, "a", "a"],
  ["ESC at the end", `a${esc}`, "a", "a"],
  ["reset of the terminal", `a${esc}cb${esc}(0c`, "abc", "abc"],
  ["a sequence made by removing another", `${esc}${esc}[2J[2J`, "[2J", "[2J"],
  ["a private sequence that ends in m", `a${esc}[?1mb${esc}[>4;2mc`, "abc", "abc"],
  ["text turned around", "a\u202egnp.exe\u202c\u2066b\u2069\u200f", "agnp.exeb", "agnp.exeb"],
  ["a lone surrogate", "a\ud800b", "a\ud800b", "a\ud800b"],
];

for (const [name, text, stripped, plain] of cases) {
  test(`${name} is made safe`, () => {
    assert.equal(stripControls(text), stripped);
    assert.equal(plainText(text), plain);
  });
}

for (const opening of [`${esc}]`, `${esc}[`, esc, "\u009d", `${esc}[1;`, `${esc}P`, "\u009b0"])
  test(`a megabyte of ${JSON.stringify(opening)} takes linear time`, () => {
    assertLinear(125_000, (length) => plainText(opening.repeat(length / opening.length)));
  });

for (const [opening, filling] of [
  ["]", "x"],
  ["[", "1"],
])
  test(`a sequence ESC${opening} that never ends takes linear time`, () => {
    assertLinear(125_000, (length) => plainText(`${esc}${opening}${filling?.repeat(length)}`));
  });
