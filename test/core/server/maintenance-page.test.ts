import assert from "node:assert/strict";
import { test } from "node:test";
import { maintenancePage, textOf } from "../../../src/core/server/maintenance-page.ts";

const urlOf = (text: string): string => `/?text=${Buffer.from(text).toString("base64url")}`;

const forms: readonly (readonly [accept: string, type: string])[] = [
  ["text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"],
  ["TEXT/HTML", "text/html; charset=utf-8"],
  ["application/json, text/plain, */*", "application/json"],
  ["application/vnd.api+json", "application/json"],
  ["application/json, text/html", "text/html; charset=utf-8"],
  ["*/*", "text/plain; charset=utf-8"],
  ["application/grpc", "text/plain; charset=utf-8"],
  ["", "text/plain; charset=utf-8"],
];

for (const [accept, type] of forms)
  test(`the page for "${accept}" is ${type}`, () => {
    assert.equal(maintenancePage("soon", accept).type, type);
  });

test("a text is text in every form", () => {
  const text = `<script>alert("1")</script> & 'x' {{ env "HOME" }} ü`;
  const { body } = maintenancePage(text, "text/html");
  assert.ok(
    body.includes("<p>&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39; {{ env"),
  );
  assert.doesNotMatch(body, /<script/);
  assert.deepEqual(JSON.parse(maintenancePage(text, "application/json").body), {
    error: "maintenance",
    message: text,
  });
  assert.equal(maintenancePage(text, "*/*").body, `Down for maintenance\n${text}\n`);
});

test("without a text the page says the fact alone", () => {
  assert.doesNotMatch(maintenancePage("", "text/html").body, /<p>/);
  assert.equal(maintenancePage("", "*/*").body, "Down for maintenance\n");
  assert.match(maintenancePage("", "application/json").body, /"message":"Down for maintenance"/);
});

test("the text comes with the request, and any other request has none", () => {
  for (const text of ["", "Back at 21:00", "ü ✓ \u{1f600}", "+/=&?#%"])
    assert.equal(textOf(urlOf(text)), text);
  for (const url of ["/", "/?", "/x?text=", "//", "http://[", "*", "/?text=%"])
    assert.equal(typeof textOf(url), "string", url);
  assert.equal(textOf("/"), "");
});
