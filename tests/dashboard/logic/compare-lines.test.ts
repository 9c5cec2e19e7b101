// What is done with the lines of a comparison before they are shown.

import assert from "node:assert/strict";
import { test } from "node:test";
import { changedParts, fold, pairUp, patchText, type Line, type Part } from "#dashboard/screens/compare-lines.ts";

const KINDS = { " ": "unchanged", "+": "added", "-": "removed" } as const;
const lines = (...texts: string[]): Line[] =>
  texts.map((text) => ({ line_type: KINDS[text[0] as keyof typeof KINDS], content: text.slice(1) }));
const many = (count: number) => Array.from({ length: count }, (_, at) => ` ${at + 1}`);
const marked = (parts: Part[]) => parts.map(({ text, isChanged }) => (isChanged ? `[${text}]` : text)).join("");

test("removed lines stand beside those that took their place", () => {
  const pairs = pairUp(lines(" a", "-b", "-c", "+B", " d", "+e"));

  assert.deepEqual(
    pairs.map((pair) => pair.map((one) => one?.content ?? null)),
    [["a", "a"], ["b", "B"], ["c", null], ["d", "d"], [null, "e"]],
  );
});

test("lines that are added before others are removed belong to another change", () => {
  const pairs = pairUp(lines("+a", "-b"));

  assert.deepEqual(pairs.map((pair) => pair.map((one) => one?.content ?? null)), [[null, "a"], ["b", null]]);
});

test("what is far from every change is hidden and can be opened", () => {
  const items = lines(...many(10), "-x", "+y", ...many(2));
  const isSame = (one: Line) => one.line_type === "unchanged";

  const rows = fold(items, { isFolded: true, opened: new Set(), isSame });
  assert.deepEqual(rows[0], { hidden: 7, from: 0 });
  assert.deepEqual(rows.slice(1).map((row) => ("item" in row ? row.change : "hidden")), [null, null, null, 0, 0, null, null]);

  for (const how of [{ isFolded: true, opened: new Set([0]) }, { isFolded: false, opened: new Set<number>() }]) {
    const all = fold(items, { ...how, isSame });
    assert.deepEqual(all.map((row) => "item" in row && row.item), items);
  }
});

test("the words that differ are marked", () => {
  const [before, after] = changedParts("local x = get(1)", "local name = get(1)");

  assert.deepEqual([marked(before), marked(after)], ["local [x] = get(1)", "local [name] = get(1)"]);
});

test("blanks between changed words are marked with them", () => {
  assert.deepEqual(changedParts("a b", "c d").map(marked), ["[a b]", "[c d]"]);
});

test("lines that would take too long to compare are marked between their common ends", () => {
  const words = (letter: string) => `start ${Array.from({ length: 300 }, (_, at) => letter + at).join(" ")} end`;

  const [before] = changedParts(words("a"), words("b"));

  assert.deepEqual(before.map((one) => one.isChanged), [false, true, false]);
});

test("a patch has three lines around each change and counts the lines before", () => {
  const patch = patchText(lines(...many(10), "-old", "+new", ...many(9), "+last"), "1", "2");

  assert.deepEqual(patch.split("\n").filter((one) => /^(---|\+\+\+|@@)/.test(one)), [
    "--- v1",
    "+++ v2",
    "@@ -8,7 +8,7 @@",
    "@@ -18,3 +18,4 @@",
  ]);
  assert.ok(patch.endsWith(" 9\n+last\n"), patch);
});

test("a patch of an empty version begins before the first line", () => {
  assert.equal(patchText(lines("+a"), "1", "2"), "--- v1\n+++ v2\n@@ -0,0 +1,1 @@\n+a\n");
});
