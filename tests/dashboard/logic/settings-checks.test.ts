// What is wrong with a typed value is said at once, as the server would say it.

import "./browser.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { existing, numberOrNull, numberProblem, numberText, textProblem } from "#dashboard/screens/settings-checks.ts";
import { locale } from "#dashboard/preferences.ts";

locale.set("en");

test("texts are counted in characters, not in halves of them", () => {
  assert.equal(textProblem("🌙".repeat(5), { most: 5 }), "");
  assert.match(textProblem("123456", { most: 5 }), /5/);
});

test("a needed text is not blank", () => {
  assert.notEqual(textProblem("  ", { most: 5, isNeeded: true }), "");
  assert.equal(textProblem("  ", { most: 5 }), "");
});

test("numbers are whole and within their bounds; empty means not set", () => {
  const rule = { least: 16, most: 128 };

  for (const text of ["", " ", "16", "128", " 64 "]) assert.equal(numberProblem(text, rule), "", text);
  for (const text of ["15", "129"]) assert.match(numberProblem(text, rule), /16.*128/, text);
  for (const text of ["1.5", "-1", "1e3", "ten"]) assert.equal(numberProblem(text, rule), numberProblem("x", rule), text);
  assert.match(numberProblem("0", {}), /1/);
});

test("a number field shows what the API has in its own unit, and gives it back", () => {
  assert.deepEqual([null, undefined, 1536, 1500].map((one) => numberText(one, 1024)), ["", "", "1.5", "1.46"]);
  assert.deepEqual([numberOrNull("", 1024), numberOrNull(" 3 ", 1024), numberOrNull("7")], [null, 3072, 7]);
});

test("fields without a problem are left out", () => {
  assert.deepEqual(existing({ name: "", memory_mb: "too much" }), { memory_mb: "too much" });
});
