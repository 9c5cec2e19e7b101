// What calls of language models cost is worked out of prices that somebody has entered, and never guessed.

import "./browser.ts";
import assert from "node:assert/strict";
import { test } from "node:test";

const KEY = "perilune-ai-prices";
const SMALL = { input: 3, output: 15, entered: 1_600_000_000 };
localStorage.setItem(
  KEY,
  JSON.stringify({ currency: "EUR", models: { "openai/small": SMALL, "openai/broken": { input: "x", output: 1, entered: 1 } } }),
);
// It reads what was kept when it is loaded.
const { costOf, isCurrency, keepPrices, priceOf, prices } = await import("#dashboard/prices.ts");

const request = (changes: object) => ({ provider: "openai", model: "small", input_tokens: 11, output_tokens: 7, ...changes });

test("what was kept is taken, without what is no price", () => {
  assert.deepEqual(prices.get(), { currency: "EUR", models: { "openai/small": SMALL } });
});

test("prices are for a million tokens", () => {
  assert.equal(costOf(request({}), prices.get()), (11 * 3 + 7 * 15) / 1_000_000);
});

test("without a price or a number of tokens no cost is known", () => {
  const unknown = [request({ model: "large" }), request({ model: "toString" }), request({ input_tokens: null }), request({ output_tokens: undefined })];

  assert.deepEqual(unknown.map((one) => costOf(one, prices.get())), [null, null, null, null]);
  assert.equal(priceOf(request({ provider: "other" }), prices.get()), undefined);
});

test("currencies are three capitals", () => {
  assert.deepEqual(["USD", "usd", "EURO", ""].map(isCurrency), [true, false, false, false]);
});

test("nothing stays when the last price is taken back", () => {
  keepPrices({ currency: "USD", models: {} });

  assert.equal(localStorage.getItem(KEY), null);
  assert.deepEqual(prices.get().models, {});
});
