/** The module `strings`: text functions that mean the same in every language. */

import { PeriluneError } from "./errors.js";
import { kindOf, numberArgument, textArgument } from "./host_calls.js";
import { textOf } from "./text.js";

const MAX_RESULT_CHARS = 16 * 1024 * 1024;
const SPACE = /[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;
// Greek letters with iota: where the full mapping has two letters, the simple one has one.
const IOTA_UPPER = new Map([[0x1fb3, 0x1fbc], [0x1fc3, 0x1fcc], [0x1ff3, 0x1ffc]]);
for (const first of [0x1f80, 0x1f90, 0x1fa0]) {
  for (let code = first; code < first + 8; code++) IOTA_UPPER.set(code, code + 8);
}

/**
 * Return a text argument as text.
 *
 * @param {any} value
 * @param {string} label
 */
export function asText(value, label) {
  const text = textArgument(value, label);
  return typeof text === "string" ? text : textOf(text);
}

export const strings = {
  trim,
  trimLeft: (/** @type {any} */ text) => asText(text, "text").replace(/^[ \t\r\n]+/, ""),
  trimRight,
  split: (/** @type {any} */ text, /** @type {any} */ separator) => {
    const whole = asText(text, "text");
    const between = asText(separator, "separator");
    return between === "" ? [...whole] : whole.split(between);
  },
  join: (/** @type {any} */ items, /** @type {any} */ separator) => {
    if (typeof items?.[Symbol.iterator] !== "function" || typeof items === "string") {
      throw new TypeError(`items must be an array, not ${kindOf(items)}`);
    }
    const texts = [...items].map((one, index) => asText(one, `items[${index}]`));
    return texts.join(asText(separator, "separator"));
  },
  hasPrefix: (/** @type {any} */ text, /** @type {any} */ prefix) =>
    asText(text, "text").startsWith(asText(prefix, "prefix")),
  hasSuffix: (/** @type {any} */ text, /** @type {any} */ suffix) =>
    asText(text, "text").endsWith(asText(suffix, "suffix")),
  contains: (/** @type {any} */ text, /** @type {any} */ part) =>
    asText(text, "text").includes(asText(part, "part")),
  replace,
  toLower: (/** @type {any} */ text) => folded(asText(text, "text"), lower),
  toUpper: (/** @type {any} */ text) => folded(asText(text, "text"), upper),
  rep,
  repeat: rep,
};

/** @param {any} value */
function trim(value) {
  const text = asText(value, "text");
  let start = 0;
  let end = text.length;
  while (start < end && SPACE.test(text[start])) start++;
  while (end > start && SPACE.test(text[end - 1])) end--;
  return text.slice(start, end);
}

/** @param {any} value */
function trimRight(value) {
  const text = asText(value, "text");
  let end = text.length;
  while (end > 0 && " \t\r\n".includes(text[end - 1])) end--;
  return text.slice(0, end);
}

/**
 * @param {any} text
 * @param {any} old
 * @param {any} fresh
 * @param {any} n how often; always if it is negative or missing
 */
function replace(text, old, fresh, n) {
  const wanted = asText(old, "old");
  const parts = wanted === ""
    ? ["", ...asText(text, "text"), ""]
    : asText(text, "text").split(wanted);
  const limit = (n ?? null) === null ? -1 : Math.trunc(numberArgument(n, "n"));
  const count = limit < 0 ? parts.length - 1 : Math.min(limit, parts.length - 1);
  const replacement = asText(fresh, "new");
  const replaced = parts.slice(0, count + 1).join(replacement);
  const rest = parts.slice(count + 1);
  return rest.length > 0 ? replaced + wanted + rest.join(wanted) : replaced;
}

/**
 * @param {any} value
 * @param {any} n
 */
function rep(value, n) {
  const text = asText(value, "text");
  const count = Math.trunc(numberArgument(n, "n"));
  if (count < 0) throw new PeriluneError("strings: negative Repeat count", "strings");
  if (text.length * count > MAX_RESULT_CHARS) {
    const message = `strings: result exceeds the limit of ${MAX_RESULT_CHARS} characters`;
    throw new PeriluneError(message, "strings");
  }
  return text.repeat(count);
}

/**
 * @param {string} text
 * @param {(character: string) => string} map
 */
function folded(text, map) {
  let mapped = "";
  for (const character of text) mapped += map(character);
  return mapped;
}

/** @param {string} character */
function lower(character) {
  // The dotted capital I, whose full mapping has two characters.
  return character === "\u0130" ? "i" : character.toLowerCase();
}

/** @param {string} character */
function upper(character) {
  const mapped = character.toUpperCase();
  if (mapped.length === character.length) return mapped;
  const code = IOTA_UPPER.get(character.codePointAt(0) ?? 0);
  return code === undefined ? character : String.fromCodePoint(code);
}
