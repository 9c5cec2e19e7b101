// Sends the request of the test screen.  No views here.

import { call, request as ask } from "../api.js";
import { bodyBytes, headersOf, isOfScheduler, pathOf, urlOf } from "./test-request.js";

/** @typedef {import("./test-request.js").TestRequest} TestRequest */

/**
 * @typedef {object} Outcome
 * @property {number} status
 * @property {Record<string, string | string[]>} headers
 * @property {string} body
 * @property {boolean} isBase64
 * @property {number} size  of the body in bytes
 * @property {number} ms
 * @property {string} executionId
 * @property {string} [report]  what went wrong, when a draft was tried
 * @property {string} [kind]
 */

/**
 * Over the network, as any caller would.
 *
 * @param {string} id
 * @param {TestRequest} request
 * @param {AbortSignal} signal
 * @returns {Promise<Outcome>}
 */
export async function callFunction(id, request, signal) {
  // Bytes: to a text browsers would add a type of their own.
  const body = await bodyBytes(request);
  const started = performance.now();
  const response = await call(urlOf(id, request), {
    method: request.method,
    headers: headersOf(request),
    signal,
    ...(body ? { body } : {}),
  });
  const data = new Uint8Array(await response.arrayBuffer());
  const ms = performance.now() - started;
  const headers = Object.fromEntries(response.headers);
  return { ...decoded(data), size: data.length, status: response.status, headers, ms, executionId: headers["x-execution-id"] ?? "" };
}

/**
 * Runs a draft, or with null the active version, without going through the address.
 *
 * @param {string} id
 * @param {string | null} code
 * @param {TestRequest} request
 * @param {AbortSignal} signal
 * @returns {Promise<Outcome>}
 */
export async function tryOut(id, code, request, signal) {
  const body = await bodyBytes(request);
  /** @type {Record<string, string | string[]>} */
  const headers = {};
  for (const [name, value] of headersOf(request)) headers[name] = name in headers ? [headers[name] ?? [], value].flat() : value;
  const event = {
    method: request.method,
    path: pathOf(request),
    headers,
    ...(body ? { body: base64(body), isBase64Encoded: true } : {}),
    ...(isOfScheduler(request) ? { trigger: "cron" } : {}),
  };
  const found = await ask("POST", `/api/functions/${id}/test`, { body: { ...(code === null ? {} : { code }), event }, signal });
  const text = found.response?.body ?? "";
  const isBase64 = found.response?.isBase64Encoded === true;
  return {
    status: found.response?.statusCode ?? 500,
    headers: found.response?.headers ?? {},
    body: text,
    isBase64,
    size: isBase64 ? atob(text).length : new TextEncoder().encode(text).length,
    ms: found.duration_ms,
    executionId: found.execution_id,
    ...(found.error ? { report: found.error.message, kind: found.error.kind } : {}),
  };
}

/**
 * Text if the bytes are UTF-8, else base64.
 *
 * @param {Uint8Array} data
 */
function decoded(data) {
  try {
    return { body: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data), isBase64: false };
  } catch {
    return { body: base64(data), isBase64: true };
  }
}

/** @param {Uint8Array} data */
export function base64(data) {
  let text = "";
  for (let at = 0; at < data.length; at += 8192) text += String.fromCharCode(...data.subarray(at, at + 8192));
  return btoa(text);
}
