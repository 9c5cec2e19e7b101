// The requests to each function that this browser keeps.  Credentials are not among them.

import { useState } from "../lib.js";
import { read, write } from "../preferences.js";
import { emptyRequest } from "./test-request.js";

/** @typedef {import("./test-request.js").TestRequest} TestRequest */

/**
 * @typedef {object} Kept
 * @property {TestRequest | null} current  what was in the form when the screen was left
 * @property {TestRequest[]} history  the last ones that were sent, newest first
 * @property {{ name: string, request: TestRequest }[]} saved
 */

const HISTORY_KEPT = 10;
const MAX_KEPT_CHARS = 500_000;
const SECRET = /authorization|cookie|token|secret|password|signature|api-?key/i;

/**
 * What is kept of a function, and how to keep something else.
 *
 * @param {string} functionId
 * @returns {[Kept, (changes: Partial<Kept>) => void]}
 */
export function useKept(functionId) {
  const key = `perilune-requests:${functionId}`;
  const [kept, setKept] = useState(() => parsed(read(key)));
  const keep = (/** @type {Partial<Kept>} */ changes) =>
    setKept((before) => {
      const next = { ...before, ...changes };
      const text = JSON.stringify(withoutSecrets(next));
      if (text.length <= MAX_KEPT_CHARS) write(key, text);
      return next;
    });
  return [kept, keep];
}

/**
 * The history with one more request at its beginning.
 *
 * @param {TestRequest[]} history
 * @param {TestRequest} request
 */
export function withRequest(history, request) {
  const text = JSON.stringify(request);
  return [request, ...history.filter((one) => JSON.stringify(one) !== text)].slice(0, HISTORY_KEPT);
}

/** @param {string | null} text  @returns {Kept} */
function parsed(text) {
  try {
    const found = JSON.parse(text ?? "null") ?? {};
    const request = (/** @type {any} */ one) => ({ ...emptyRequest(), ...one, file: null });
    return {
      current: found.current ? request(found.current) : null,
      history: Array.isArray(found.history) ? found.history.map(request) : [],
      saved: Array.isArray(found.saved)
        ? found.saved.map((/** @type {any} */ one) => ({ name: String(one.name), request: request(one.request) }))
        : [],
    };
  } catch {
    return { current: null, history: [], saved: [] };
  }
}

/** @param {Kept} kept  @returns {Kept} */
function withoutSecrets({ current, history, saved }) {
  return {
    current: current && withoutSecret(current),
    history: history.map(withoutSecret),
    saved: saved.map(({ name, request }) => ({ name, request: withoutSecret(request) })),
  };
}

/** @param {TestRequest} request  @returns {TestRequest} */
function withoutSecret(request) {
  const headers = request.headers.filter(([name, value]) => name || value);
  return { ...request, file: null, headers: headers.map(([name, value]) => [name, SECRET.test(name) ? "" : value]) };
}
