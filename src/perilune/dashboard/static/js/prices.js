// What language models cost, as somebody has entered it in this browser.

import { read, write } from "./preferences.js";
import { createStore } from "./store.js";

const KEY = "perilune-ai-prices";
const PER = 1_000_000; // tokens that a price is for
/** A price of this age should be looked up again. */
export const OLD_AFTER_S = 180 * 86_400;

/**
 * @typedef {object} Price
 * @property {number} input  for a million tokens
 * @property {number} output  the same
 * @property {number} entered  when, in Unix seconds
 */

/**
 * @typedef {object} Prices
 * @property {string} currency  a code such as USD
 * @property {Record<string, Price>} models  by `provider/model`
 */

/** @type {import("./store.js").Store<Prices>} */
export const prices = createStore(kept());

/** @param {Prices} chosen */
export function keepPrices(chosen) {
  write(KEY, Object.keys(chosen.models).length ? JSON.stringify(chosen) : null);
  prices.set(chosen);
}

/** @param {{ provider: string, model: string }} one  a request */
export const modelKey = ({ provider, model }) => `${provider}/${model}`;

/**
 * What a request has cost; null where the price or the number of tokens is not known.
 *
 * @param {any} one  a request
 * @param {Prices} known
 * @returns {number | null}
 */
export function costOf(one, known) {
  const price = priceOf(one, known);
  if (!price || !Number.isFinite(one.input_tokens) || !Number.isFinite(one.output_tokens)) return null;
  return (one.input_tokens * price.input + one.output_tokens * price.output) / PER;
}

/**
 * @param {any} one  a request
 * @param {Prices} known
 * @returns {Price | undefined}
 */
export function priceOf(one, known) {
  const key = modelKey(one);
  return Object.hasOwn(known.models, key) ? known.models[key] : undefined;
}

/** @param {string} text */
export function isCurrency(text) {
  return /^[A-Z]{3}$/.test(text);
}

/** @returns {Prices} */
function kept() {
  /** @type {Prices} */
  const found = { currency: "USD", models: {} };
  try {
    const stored = JSON.parse(read(KEY) ?? "{}");
    if (isCurrency(String(stored.currency))) found.currency = stored.currency;
    for (const [model, price] of Object.entries(stored.models ?? {})) {
      const { input, output, entered } = /** @type {any} */ (price) ?? {};
      if ([input, output, entered].every(Number.isFinite)) found.models[model] = { input, output, entered };
    }
  } catch {
    // Not ours any more: begin anew.
  }
  return found;
}
