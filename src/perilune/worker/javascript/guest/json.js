/** The module `json`: `JSON`, with the errors and the escapes of the other languages. */

import { PeriluneError } from "./errors.js";
import { asText } from "./host_calls.js";
import { parsedJson } from "./text.js";

const { stringify } = JSON;
/** @type {Record<string, string>} */
const HTML = { "<": "\\u003c", ">": "\\u003e", "&": "\\u0026" };

export const json = {
  encode: (/** @type {any} */ value, /** @type {any} */ options) => {
    const { pretty = false, escapeHtml = options?.escape_html ?? true } = options ?? {};
    let text;
    try {
      text = stringify(value, null, pretty ? 2 : 0);
    } catch (error) {
      throw refused(error);
    }
    if (text === undefined) throw refused(`a ${typeof value} has no JSON form`);
    return escapeHtml ? text.replace(/[<>&]/g, (found) => HTML[found]) : text;
  },
  decode: (/** @type {any} */ text) => {
    try {
      return parsedJson(asText(text, "text"));
    } catch (error) {
      throw error instanceof SyntaxError ? refused(error) : error;
    }
  },
  array: (/** @type {any} */ items) => [...items],
  object: (/** @type {any} */ members) => ({ ...members }),
  null: null,
};

/** @param {unknown} reason */
function refused(reason) {
  return new PeriluneError(reason instanceof Error ? reason.message : String(reason), "json");
}
