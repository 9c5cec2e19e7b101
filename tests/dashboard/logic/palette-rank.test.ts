// The palette shows first what fits best of what was typed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { rank, type Command } from "#dashboard/ui/palette-rank.ts";

const command = (label: string, detail?: string): Command => ({ id: label, label, run() {}, ...(detail ? { detail } : {}) });
const COMMANDS = ["Overview", "Functions", "New function", "Executions", "Sign out"].map((label) => command(label));
const found = (text: string, recent: string[] = []) => rank(COMMANDS, text, recent).map((one) => one.label);

test("without text all are there, the recent ones first", () => {
  assert.deepEqual(found("", ["Sign out", "Functions"]), ["Sign out", "Functions", "Overview", "New function", "Executions"]);
});

test("a beginning is better than a word within, and that better than scattered letters", () => {
  assert.deepEqual(found("func"), ["Functions", "New function"]);
  assert.deepEqual(found("ex"), ["Executions"]);
  assert.deepEqual(found("out"), ["Sign out"]);
});

test("letters count in their order, whatever their case", () => {
  assert.deepEqual(found(" SGO "), ["Sign out"]);
  assert.deepEqual(found("ogs"), []);
});

test("of equals the recent one comes first", () => {
  const both = [command("nightly → Run"), command("weekly → Run")];

  assert.deepEqual(rank(both, "run", ["weekly → Run"]).map((one) => one.label), ["weekly → Run", "nightly → Run"]);
  assert.deepEqual(rank(both, "run", []).map((one) => one.label), ["nightly → Run", "weekly → Run"]);
});

test("details are searched too", () => {
  assert.deepEqual(rank([command("Deutsch", "in use"), command("English")], "use", []).map((one) => one.id), ["Deutsch"]);
});
