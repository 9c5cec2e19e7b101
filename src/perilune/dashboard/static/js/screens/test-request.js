// The request of the test screen as data.  No views here.

/** @typedef {[name: string, value: string]} Pair */

/**
 * @typedef {object} TestRequest
 * @property {string} method
 * @property {string} path  below the function, such as `/users/123`
 * @property {string} query  such as `a=1&b=2`
 * @property {Pair[]} headers
 * @property {BodyKind} kind
 * @property {string} body  sent byte for byte
 * @property {Pair[]} form  what is sent instead when it is a form
 * @property {File | null} file  what is sent instead when it is a file; it is kept nowhere
 */

/** @typedef {"json" | "form" | "text" | "file"} BodyKind */

/** @type {readonly string[]} */
export const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/** @returns {TestRequest} */
export const emptyRequest = () => ({
  method: "GET",
  path: "",
  query: "",
  headers: [["Content-Type", "application/json"]],
  kind: "json",
  body: "",
  form: [],
  file: null,
});

/** @param {TestRequest} request */
export const mayHaveBody = ({ method }) => !["GET", "HEAD"].includes(method);

/**
 * The body as text; null for a file and where there is none.
 *
 * @param {TestRequest} request
 */
export function bodyText(request) {
  if (!mayHaveBody(request) || request.kind === "file") return null;
  return (request.kind === "form" ? formText(request.form) : request.body) || null;
}

/**
 * The bytes that are sent; null for none.
 *
 * @param {TestRequest} request
 * @returns {Promise<Uint8Array<ArrayBuffer> | null>}
 */
export async function bodyBytes(request) {
  if (mayHaveBody(request) && request.kind === "file") {
    return request.file && new Uint8Array(await request.file.arrayBuffer());
  }
  const text = bodyText(request);
  return text === null ? null : new TextEncoder().encode(text);
}

/** @param {Pair[]} form */
export const formText = (form) => new URLSearchParams(form.filter(([name]) => name)).toString();

/**
 * The address that the request goes to, as browsers write it.
 *
 * @param {string} functionId
 * @param {TestRequest} request
 */
export function urlOf(functionId, request) {
  const path = pathOf(request).replaceAll("#", "%23"); // a fragment would not be sent
  return new URL(`/fn/${functionId}${path.replace(/^\/(?=\?|$)/, "")}`, location.origin).href;
}

/**
 * The path and query as the function sees them.
 *
 * @param {TestRequest} request
 */
export function pathOf({ path, query }) {
  return `${path.startsWith("/") ? "" : "/"}${path}${query ? `?${query}` : ""}`;
}

/**
 * Whether the request says that the scheduler sent it.
 *
 * @param {TestRequest} request
 */
export const isOfScheduler = ({ headers }) =>
  headers.some(([name, value]) => name.toLowerCase() === "x-trigger" && value === "cron");

/**
 * Headers that have a name.
 *
 * @param {TestRequest} request
 * @returns {Pair[]}
 */
export const headersOf = ({ headers }) =>
  headers.map(([name, value]) => /** @type {Pair} */ ([name.trim(), value])).filter(([name]) => name);

/**
 * The request with a header in place of those of its name; an empty value takes it away.
 *
 * @param {Pair[]} headers
 * @param {string} name
 * @param {string} value
 * @returns {Pair[]}
 */
export function withHeader(headers, name, value) {
  const at = headers.findIndex(([one]) => one.trim().toLowerCase() === name.toLowerCase());
  const others = headers.filter(([one]) => one.trim().toLowerCase() !== name.toLowerCase());
  if (value === "") return others;
  return at < 0 ? [...others, [name, value]] : [...others.slice(0, at), [name, value], ...others.slice(at)];
}

/**
 * @param {Pair[]} headers
 * @param {string} name
 */
export const headerValue = (headers, name) => headers.find(([one]) => one.trim().toLowerCase() === name.toLowerCase())?.[1] ?? "";

/** What browsers let no page send. */
const OF_BROWSERS =
  /^(?:accept-charset|accept-encoding|access-control-request-.*|connection|content-length|cookie2?|date|dnt|expect|host|keep-alive|origin|referer|set-cookie|te|trailer|transfer-encoding|upgrade|via|proxy-.*|sec-.*)$/i;

/** @typedef {"test.badName" | "test.badValue" | "test.noName" | "test.unsent" | ""} HeaderProblem  the text that says it */

/**
 * What is wrong with a header; all but `test.unsent` can't be sent at all.
 *
 * @param {Pair} header
 * @returns {HeaderProblem}
 */
export function headerProblem([name, value]) {
  const given = name.trim();
  if (!given) return value ? "test.noName" : "";
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(given)) return "test.badName";
  if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) return "test.badValue";
  return OF_BROWSERS.test(given) ? "test.unsent" : "";
}

/**
 * The request that led to a stored event; what was masked stays masked.
 *
 * @param {any} event
 * @returns {TestRequest}
 */
export function requestOfEvent(event) {
  const left = new Set(["content-length", "connection", "accept-encoding", "user-agent", "host"]);
  const headers = Object.entries(event.headers ?? {}).filter(([name]) => !left.has(name.toLowerCase()));
  const pairs = headers.map(([name, value]) => /** @type {Pair} */ ([name, String(value)]));
  const request = {
    ...emptyRequest(),
    method: event.method ?? "GET",
    path: event.relativePath === "/" ? "" : (event.relativePath ?? ""),
    query: event.rawQuery ?? new URLSearchParams(event.query ?? {}).toString(),
    headers: pairs,
    kind: /** @type {BodyKind} */ (headerValue(pairs, "Content-Type").includes("json") ? "json" : "text"),
  };
  if (!event.isBase64Encoded) return { ...request, body: String(event.body ?? "") };
  const bytes = Uint8Array.from(atob(String(event.body ?? "")), (one) => one.charCodeAt(0));
  return { ...request, kind: "file", file: new File([bytes], "body.bin") };
}

/**
 * What the scheduler would send.
 *
 * @param {{ id: string, name: string, cron_schedule?: string }} fn
 * @returns {TestRequest}
 */
export function cronRequest(fn) {
  const minute = Math.floor(Date.now() / 60_000) * 60;
  return {
    ...emptyRequest(),
    method: "POST",
    headers: [
      ["Content-Type", "application/json"],
      ["X-Trigger", "cron"],
      ["X-Cron-Schedule", fn.cron_schedule ?? "* * * * *"],
      ["X-Cron-Function-Id", fn.id],
      ["X-Cron-Function-Name", fn.name],
      ["X-Cron-Scheduled-Time", String(minute)],
    ],
  };
}
