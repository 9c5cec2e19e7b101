/** The modules `json` and `base64`. */

import { PeriluneError } from "./errors.js";
import { dataArgument } from "./host_calls.js";
import { asText } from "./strings.js";
import { fromLatin1, latin1Of } from "./text.js";

const { parse, stringify } = JSON;
const { atob, btoa } = globalThis;
/** @type {Record<string, string>} */
const HTML = { "<": "\\u003c", ">": "\\u003e", "&": "\\u0026" };

export const json = {
  encode: (/** @type {any} */ value, /** @type {any} */ options) => {
    const { pretty = false, escapeHtml = options?.escape_html ?? true } = options ?? {};
    let text;
    try {
      text = stringify(value, null, pretty ? 2 : 0);
    } catch (error) {
      throw refused("json", error);
    }
    if (text === undefined) throw refused("json", `a ${typeof value} has no JSON form`);
    return escapeHtml ? text.replace(/[<>&]/g, (found) => HTML[found]) : text;
  },
  decode: (/** @type {any} */ text) => {
    try {
      return parse(asText(text, "text"));
    } catch (error) {
      throw error instanceof SyntaxError ? refused("json", error) : error;
    }
  },
  array: (/** @type {any} */ items) => [...items],
  object: (/** @type {any} */ members) => ({ ...members }),
  null: null,
};

export const base64 = {
  encode: (/** @type {any} */ data) => encoded(dataArgument(data, "data")),
  decode: (/** @type {any} */ text) => {
    const source = latin1Of(dataArgument(text, "text"));
    check(source, /[^A-Za-z0-9+/\r\n]/, true);
    return fromLatin1(atob(source));
  },
  urlEncode: (/** @type {any} */ data) =>
    encoded(dataArgument(data, "data")).replaceAll("+", "-").replaceAll("/", "_").replace(
      /=+$/,
      "",
    ),
  urlDecode: (/** @type {any} */ text) => {
    const source = latin1Of(dataArgument(text, "text"));
    check(source, /[^A-Za-z0-9\-_\r\n]/, false);
    const plain = source.replace(/[\r\n=]/g, "");
    return fromLatin1(atob(plain.replaceAll("-", "+").replaceAll("_", "/")));
  },
};

/**
 * Return bytes in the standard alphabet, with padding.
 *
 * @param {Uint8Array} bytes
 */
export function encoded(bytes) {
  return btoa(latin1Of(bytes));
}

/**
 * @param {string} text
 * @param {RegExp} stranger
 * @param {boolean} needsPadding
 */
function check(text, stranger, needsPadding) {
  const fault = faultIn(text, stranger, needsPadding);
  if (fault !== null) throw refused("base64", `illegal base64 data at input byte ${fault}`);
}

/**
 * Return the offset of the first byte that can't be decoded, as Go counts it; null without one.
 *
 * @param {string} text
 * @param {RegExp} stranger
 * @param {boolean} needsPadding
 */
function faultIn(text, stranger, needsPadding) {
  const size = text.length;
  const found = text.search(stranger);
  const end = found < 0 ? size : found;
  const digits = text.slice(0, end).replace(/[\r\n]/g, "").length % 4;
  if (end === size) {
    const isComplete = digits === 0 || (digits !== 1 && !needsPadding);
    return isComplete ? null : size - digits;
  }
  if (text[end] !== "=" || digits < 2) return end;
  let at = behindPadding(text, end);
  if (digits === 2) {
    if (at === size) return size;
    if (text[at] !== "=") return at - 1;
    at = behindPadding(text, at);
  }
  return at === size ? null : at;
}

/**
 * @param {string} text
 * @param {number} at where a padding character is
 */
function behindPadding(text, at) {
  let next = at + 1;
  while (text[next] === "\r" || text[next] === "\n") next++;
  return next;
}

/**
 * @param {string} module
 * @param {unknown} reason
 */
function refused(module, reason) {
  return new PeriluneError(reason instanceof Error ? reason.message : String(reason), module);
}
