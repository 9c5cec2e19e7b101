// What language models cost, as somebody has entered it in this browser.

import type { AiRequest } from "./answers.ts";
import { read, write } from "./preferences.ts";
import { createStore } from "./store.ts";

const KEY = "perilune-ai-prices";
const PER = 1_000_000; // tokens that a price is for
/** A price of this age should be looked up again. */
export const OLD_AFTER_S = 180 * 86_400;

export interface Price {
  input: number; // for a million tokens
  output: number; // the same
  entered: number; // when, in Unix seconds
}

export interface Prices {
  currency: string; // a code such as USD
  models: Record<string, Price>; // by `provider/model`
}

type ModelName = Pick<AiRequest, "provider" | "model">;
type Asked = ModelName & Pick<AiRequest, "input_tokens" | "output_tokens">;

export const prices = createStore<Prices>(kept());

export function keepPrices(chosen: Prices) {
  write(KEY, Object.keys(chosen.models).length ? JSON.stringify(chosen) : null);
  prices.set(chosen);
}

/** @param one  a request */
export const modelKey = ({ provider, model }: ModelName) => `${provider}/${model}`;

/**
 * What a request has cost; null where the price or the number of tokens is not known.
 *
 * @param one  a request
 */
export function costOf(one: Asked, known: Prices): number | null {
  const price = priceOf(one, known);
  const { input_tokens: input = NaN, output_tokens: output = NaN } = one;
  if (!price || !Number.isFinite(input) || !Number.isFinite(output)) return null;
  return (input * price.input + output * price.output) / PER;
}

/** @param one  a request */
export function priceOf(one: ModelName, known: Prices): Price | undefined {
  const key = modelKey(one);
  return Object.hasOwn(known.models, key) ? known.models[key] : undefined;
}

export function isCurrency(text: string) {
  return /^[A-Z]{3}$/.test(text);
}

function kept(): Prices {
  const found: Prices = { currency: "USD", models: {} };
  try {
    const stored = JSON.parse(read(KEY) ?? "{}");
    if (isCurrency(String(stored.currency))) found.currency = stored.currency;
    for (const [model, price] of Object.entries<Partial<Price> | null>(stored.models ?? {})) {
      const { input = NaN, output = NaN, entered = NaN } = price ?? {};
      if ([input, output, entered].every(Number.isFinite)) found.models[model] = { input, output, entered };
    }
  } catch {
    // Not ours any more: begin anew.
  }
  return found;
}
