/**
 * `fetch`, carried out by the host: its rules say where it may go, and how long it may take.
 * What is in the address itself, or in a `Blob`, is answered here.
 */

import { textOf } from "./text.js";

const WITHOUT_BODY = new Set([101, 103, 204, 205, 304]);
const BODILESS = new Set(["GET", "HEAD"]);

const ownFetch = globalThis.fetch;

/**
 * Return the `fetch` of guests.
 *
 * @param {((...values: any[]) => Promise<any>) | undefined} call `http.request` with bytes
 * @returns {typeof globalThis.fetch}
 */
export function makeFetch(call) {
  return async function fetch(input, init) {
    if (call === undefined) throw new TypeError("fetch is not available");
    const request = new Request(input, init);
    const { protocol } = new URL(request.url);
    if (protocol === "data:" || protocol === "blob:") return await ownFetch(request);
    if (protocol !== "http:" && protocol !== "https:") {
      const all = "http, https, data and blob";
      throw new TypeError(`fetch failed: only ${all} are supported, not ${request.url}`);
    }
    const options = await optionsOf(request);
    request.signal.throwIfAborted();
    const answered = call(request.method, request.url, options);
    const answer = await unlessAborted(answered, request.signal).catch((error) => {
      if (error?.module !== "http") throw error;
      throw new TypeError(`fetch failed: ${error.message}`, { cause: error });
    });
    return responseOf(answer, request);
  };
}

/** @param {Request} request */
async function optionsOf(request) {
  /** @type {Record<string, any>} */
  const options = { headers: Object.fromEntries(request.headers) };
  if (request.redirect !== "follow") options.followRedirects = false;
  if (!BODILESS.has(request.method) && request.body !== null) {
    // Without a listener Deno would not wait for a signal that comes from `AbortSignal.timeout`.
    options.body = await unlessAborted(collected(request.body, request.signal), request.signal);
  }
  return options;
}

/**
 * Return all bytes of a body, which is cancelled when *signal* says so.
 *
 * @param {ReadableStream<Uint8Array>} body
 * @param {AbortSignal} signal
 */
async function collected(body, signal) {
  const abortable = body.pipeThrough(new TransformStream(), { signal });
  return new Uint8Array(await new Response(abortable).arrayBuffer());
}

/**
 * @param {any} answer
 * @param {Request} request
 */
function responseOf(answer, request) {
  const status = answer.statusCode;
  if (request.redirect === "error" && status >= 300 && status < 400) {
    throw new TypeError("fetch failed: the server answered with a redirect");
  }
  const headers = new Headers();
  for (const [name, values] of Object.entries(answer.multiHeaders)) {
    for (const value of values) headers.append(name, asByteString(value));
  }
  const body = WITHOUT_BODY.has(status) || request.method === "HEAD" ? null : answer.body;
  const url = textOf(answer.url);
  const redirected = withoutFragment(url) !== withoutFragment(request.url);
  // The constructor is for answers that a program makes up: it takes no status of 600 and above.
  const isOdd = status > 599;
  const response = new Response(body, { status: isOdd ? 200 : status, headers });
  const came = { url, redirected, type: "basic" };
  return asItCame(response, isOdd ? { ...came, status, ok: false } : came);
}

/**
 * Give *response*, and copies of it, what only an answer from the network has.
 *
 * @param {Response} response
 * @param {Record<string, any>} members
 */
function asItCame(response, members) {
  for (const [name, value] of Object.entries(members)) {
    Object.defineProperty(response, name, { value, configurable: true });
  }
  const clone = () => asItCame(Response.prototype.clone.call(response), members);
  Object.defineProperty(response, "clone", { value: clone, configurable: true });
  return response;
}

/** @param {string} url */
function withoutFragment(url) {
  const parsed = new URL(url);
  parsed.hash = "";
  return parsed.href;
}

/**
 * Return a header's bytes as `Headers` takes them: one character for each.
 *
 * @param {Uint8Array} bytes
 */
function asByteString(bytes) {
  return String.fromCharCode(...bytes);
}

/**
 * @param {Promise<any>} answered
 * @param {AbortSignal} signal
 */
function unlessAborted(answered, signal) {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    answered.then(resolve, reject);
  });
}
