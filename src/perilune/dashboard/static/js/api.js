// The only module that talks to the server.

import { createStore } from "./store.js";

/** Whether the server answers; false shows the banner. */
export const isReachable = createStore(true);

/** Counts up when the server says that nobody is signed in. */
export const signedOut = createStore(0);

const PROBE_MS = 3000;

/** An answer that says no. */
export class ApiError extends Error {
  /**
   * @param {number} status  0 when there was no answer at all
   * @param {string} message  the server's text
   * @param {number | null} retryAfterS
   * @param {string} code  the server's name for the error
   */
  constructor(status, message, retryAfterS = null, code = "") {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.retryAfterS = retryAfterS;
    this.code = code;
    /** The field that `FIELD: MESSAGE` names, or empty. */
    this.field = /^([a-z_]+): /.exec(message)?.[1] ?? "";
    /** The message without the field. */
    this.detail = this.field ? message.slice(this.field.length + 2) : message;
  }
}

/**
 * @typedef {object} RequestOptions
 * @property {Record<string, string | number | boolean | null | undefined>} [query]  empty ones are left out
 * @property {unknown} [body]  sent as JSON
 * @property {AbortSignal} [signal]
 */

/**
 * Ask the management API.
 *
 * @param {string} method
 * @param {string} path  below the server's root, such as `/api/functions`
 * @param {RequestOptions} [options]
 * @returns {Promise<any>}  the JSON of the answer; null when it has no body
 * @throws {ApiError}
 */
export async function request(method, path, { query, body, signal } = {}) {
  const response = await send(path + queryText(query), {
    method,
    credentials: "same-origin",
    headers: {
      // Errors come with their code then.
      Accept: "application/json, application/problem+json",
      "X-Requested-With": "perilune",
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  });
  const text = await response.text();
  if (response.ok) return text ? JSON.parse(text) : null;
  if (response.status === 401 && !path.startsWith("/api/auth/")) signedOut.set(signedOut.get() + 1);
  const wait = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  const { message, code } = errorOf(text, response);
  throw new ApiError(response.status, message, Number.isNaN(wait) ? null : wait, code);
}

/**
 * @param {string} path
 * @param {RequestOptions} [options]
 */
export const get = (path, options) => request("GET", path, options);

/**
 * @param {string} path
 * @param {unknown} [body]
 */
export const post = (path, body) => request("POST", path, { body });

/**
 * @param {string} path
 * @param {unknown} [body]
 */
export const put = (path, body) => request("PUT", path, { body });

/** @param {string} path */
export const remove = (path) => request("DELETE", path);

/**
 * Send exactly this request, without the cookies of the dashboard: for trying functions.
 *
 * @param {string} path
 * @param {RequestInit} init
 * @returns {Promise<Response>}
 * @throws {ApiError}
 */
export const call = (path, init) => send(path, { ...init, credentials: "omit", redirect: "manual" });

/**
 * Events of a stream of the server; `open` when it begins, also after an interruption.
 *
 * @param {string} path
 * @param {(name: string, data: any) => void} take
 * @param {string[]} names  of the events wanted
 * @returns {() => void}  ends the stream
 */
export function follow(path, take, names) {
  const source = new EventSource(path, { withCredentials: true });
  source.addEventListener("open", () => take("open", null));
  for (const name of names) {
    source.addEventListener(name, (event) => take(name, JSON.parse(event.data)));
  }
  return () => source.close();
}

/**
 * @param {string} path
 * @param {RequestInit} init
 */
async function send(path, init) {
  try {
    const response = await fetch(path, init);
    isReachable.set(true);
    return response;
  } catch (problem) {
    if (problem instanceof DOMException && problem.name === "AbortError") throw problem;
    lose();
    throw new ApiError(0, problem instanceof Error ? problem.message : String(problem));
  }
}

/** Note that the server does not answer, and ask until it does. */
export function lose() {
  if (!isReachable.get()) return;
  isReachable.set(false);
  const timer = setInterval(async () => {
    try {
      await fetch("/healthz", { cache: "no-store" });
      clearInterval(timer);
      isReachable.set(true);
    } catch {
      // Still away.
    }
  }, PROBE_MS);
}

/** @param {RequestOptions["query"]} query */
function queryText(query) {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== null && value !== undefined && value !== "") given.set(name, String(value));
  }
  const text = given.toString();
  return text ? `?${text}` : "";
}

/**
 * @param {string} text
 * @param {Response} response
 * @returns {{ message: string, code: string }}
 */
function errorOf(text, response) {
  try {
    const { detail, error, code = "" } = JSON.parse(text);
    const message = detail ?? error; // signing in answers as Lunar does
    if (typeof message === "string" && message) return { message, code: String(code) };
  } catch {
    // Not ours, perhaps a proxy's page.
  }
  return { message: `${response.status} ${response.statusText}`.trim(), code: "" };
}
