// Texts in the person's language.

import en from "./locales/en.js";
import ptBR from "./locales/pt-BR.js";
import { locale } from "./preferences.js";

/** @typedef {keyof typeof en} TextKey */
/** @typedef {string | { one: string, other: string }} Text */

/** @type {Record<string, Record<string, Text>>} */
const TEXTS = { en, "pt-BR": ptBR };

/**
 * The text for *key*; `{{name}}` is replaced by the parameter of that name, and `count`
 * chooses between singular and plural.
 *
 * @param {TextKey} key
 * @param {Record<string, string | number>} [parameters]
 * @returns {string}
 */
export function t(key, parameters = {}) {
  const language = locale.get();
  const text = TEXTS[language]?.[key] ?? en[key] ?? missing(key);
  const { count } = parameters;
  const chosen =
    typeof text === "string"
      ? text
      : text[new Intl.PluralRules(language).select(Number(count ?? 0)) === "one" ? "one" : "other"];
  return chosen.replace(/\{\{(\w+)\}\}/g, (whole, name) => {
    const value = parameters[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? value.toLocaleString(language) : value;
  });
}

/**
 * Whether there is a text for *key*, for keys that come from the server.
 *
 * @param {string} key
 * @returns {key is TextKey}
 */
export function hasText(key) {
  return Object.hasOwn(en, key);
}

/** What is shown for a key without a text; tests fail for the message. @param {string} key */
function missing(key) {
  console.error(`there is no text for ${key}`);
  return key;
}
