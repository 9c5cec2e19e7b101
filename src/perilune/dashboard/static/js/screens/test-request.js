// The request of the test screen as data.  No views here.

/**
 * @typedef {object} TestRequest
 * @property {string} method
 * @property {string} path  below the function, such as `/users/123`
 * @property {string} query  such as `a=1&b=2`
 * @property {[name: string, value: string][]} headers
 * @property {string} body  sent byte for byte
 */

/** @type {readonly string[]} */
export const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/** @returns {TestRequest} */
export const emptyRequest = () => ({
  method: "GET",
  path: "",
  query: "",
  headers: [["Content-Type", "application/json"]],
  body: "",
});

/**
 * The path and query that the request goes to.
 *
 * @param {string} functionId
 * @param {TestRequest} request
 */
export function addressOf(functionId, request) {
  const path = pathOf(request);
  return `/fn/${functionId}${path === "/" ? "" : path.replace(/^\/\?/, "?")}`;
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
 * @returns {Record<string, string>}
 */
export function headersOf({ headers }) {
  return Object.fromEntries(headers.map(([name, value]) => [name.trim(), value]).filter(([name]) => name));
}

/**
 * The request that led to a stored event; what was masked stays masked.
 *
 * @param {any} event
 * @returns {TestRequest}
 */
export function requestOfEvent(event) {
  const left = new Set(["content-length", "connection", "accept-encoding", "user-agent"]);
  const headers = Object.entries(event.headers ?? {}).filter(([name]) => !left.has(name.toLowerCase()));
  return {
    method: event.method ?? "GET",
    path: event.relativePath === "/" ? "" : (event.relativePath ?? ""),
    query: event.rawQuery ?? new URLSearchParams(event.query ?? {}).toString(),
    headers: headers.map(([name, value]) => [name, String(value)]),
    body: event.isBase64Encoded ? "" : String(event.body ?? ""),
  };
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
    method: "POST",
    path: "",
    query: "",
    headers: [
      ["Content-Type", "application/json"],
      ["X-Trigger", "cron"],
      ["X-Cron-Schedule", fn.cron_schedule ?? "* * * * *"],
      ["X-Cron-Function-Id", fn.id],
      ["X-Cron-Function-Name", fn.name],
      ["X-Cron-Scheduled-Time", String(minute)],
    ],
    body: "",
  };
}
