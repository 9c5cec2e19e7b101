// Numbers, sizes, durations and times are told as the person's language has them.

import "./browser.ts";
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { bytes, duration, money, number, percent, relativeTime, time } from "#dashboard/format.ts";
import { locale } from "#dashboard/preferences.ts";

const NOW = 1_767_225_600;
const DAY = 86_400;
const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, " ");

beforeEach(() => locale.set("en"));

test("durations have the unit that suits them", () => {
  const told = [null, 0.04, 12.34, 999, 1000, 59_994, 60_000, 125_000].map(duration);

  assert.deepEqual(told, ["–", "0 ms", "12.3 ms", "999 ms", "1 s", "59.99 s", "1 min 0 s", "2 min 5 s"]);
});

test("sizes are told in powers of 1024", () => {
  const told = [0, 1023, 1024, 1536, 5 * 1024 ** 2, 3 * 1024 ** 4, 5000 * 1024 ** 4].map(bytes);

  assert.deepEqual(told, ["0 B", "1,023 B", "1 KiB", "1.5 KiB", "5 MiB", "3 TiB", "5,000 TiB"]);
});

test("small shares keep a digit, and none is more than nothing", () => {
  assert.deepEqual([0, 0.004, 0.04, 0.1, 0.996, 1].map(percent), ["0%", "0.4%", "4%", "10%", "100%", "100%"]);
});

test("moments are told by their distance", () => {
  const told = [-10, 10, -60, -3500, -DAY, DAY, -40 * DAY, -400 * DAY].map((far) => relativeTime(NOW + far, NOW));

  assert.deepEqual(told, [
    "just now",
    "in a moment",
    "1 minute ago",
    "1 hour ago",
    "yesterday",
    "tomorrow",
    "last month",
    "last year",
  ]);
});

test("what is no moment is shown as such", () => {
  assert.deepEqual([relativeTime(NaN), time(Infinity)], ["–", "–"]);
});

test("money keeps three digits, however small it is", () => {
  assert.deepEqual([money(0.000138, "USD"), money(12.345, "EUR")], ["$0.000138", "€12.3"]);
});

test("all of it follows the language", () => {
  locale.set("pt-BR");

  assert.equal(number(1234.5), "1.234,5");
  assert.equal(bytes(1536), "1,5 KiB");
  assert.equal(plain(money(12.345, "BRL")), "R$ 12,3");
  assert.equal(relativeTime(NOW - DAY, NOW), "ontem");
});
