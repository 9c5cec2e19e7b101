// Where people and the page itself call a function.

import "./browser.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { callPath, callUrl, ownUrl } from "#dashboard/call-url.ts";

for (const [url, shown, own] of [
  ["/fn/hello", "https://perilune.example/fn/hello", "https://perilune.example/fn/hello"],
  ["https://a.example:8443/fn/gr%C3%BCn", "https://a.example:8443/fn/gr%C3%BCn", "https://perilune.example/fn/gr%C3%BCn"],
  ["https://a.example/fn/below/fn/f1", "https://a.example/fn/below/fn/f1", "https://perilune.example/fn/f1"],
] as const) {
  test(`${url} is shown as the server says, and called at the page's own origin`, () => {
    assert.equal(callUrl({ id: "f1", url }), shown);
    assert.equal(ownUrl({ id: "f1", url }), own);
  });
}

test("people read the address, or else the id", () => {
  assert.equal(callPath({ id: "f1", url: "", address: "grün" }), "/fn/grün");
  assert.equal(callPath({ id: "f1", url: "" }), "/fn/f1");
});
