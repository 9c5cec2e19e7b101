/**
 * The module `router`: patterns for the path below a function.
 *
 * A pattern consists of segments; empty ones don't count.  `:name` stands for one segment,
 * `*` or `*name` at the end for one or more, everything else for itself.
 */

import { PeriluneError } from "./errors.js";
import { asText } from "./host_calls.js";
import { bytesOf, fromLatin1, latin1Of, textOf } from "./text.js";

const METHODS = ["get", "post", "put", "patch", "delete", "head", "any"];

/**
 * @typedef {(event: any, params: Record<string, string>) => any} Handler
 */

/** Routes, tried in the order they were added. */
export class Router {
  /** @type {[string, string, Handler][]} */
  #routes = [];

  constructor() {
    for (const method of METHODS) {
      const wanted = method === "any" ? method : method.toUpperCase();
      Object.assign(this, {
        [method]: (/** @type {any} */ pattern, /** @type {any} */ handler) => {
          if (typeof handler !== "function") {
            throw new TypeError(`a function is expected, not ${typeof handler}`);
          }
          this.#routes.push([wanted, asText(pattern, "pattern"), handler]);
          return this;
        },
      });
    }
  }

  /**
   * Return what the handler of the first route that fits returns.
   *
   * @param {any} event
   */
  dispatch(event) {
    const segments = segmentsOfEvent(event);
    const method = (event.method ?? "GET").toUpperCase();
    const allowed = new Set();
    for (const [wanted, pattern, handler] of this.#routes) {
      const params = capture(segments, pattern);
      if (params === null) continue;
      if (wanted === method || wanted === "any") return handler(event, params);
      allowed.add(wanted);
    }
    if (allowed.size === 0) return refusal(404, "Not found", {});
    return refusal(405, "Method not allowed", { Allow: [...allowed].join(", ") });
  }
}

/**
 * Return the module for the execution that *current* tells of.
 *
 * @param {{ mount: string, baseUrl: string }} current
 */
export function makeRouter(current) {
  const path = (
    /** @type {any} */ pattern,
    /** @type {any} */ params,
    /** @type {any} */ options,
  ) => current.mount + filled(asText(pattern, "pattern"), params ?? {}, options?.strict);
  return {
    match: (/** @type {any} */ given, /** @type {any} */ pattern) =>
      capture(segmentsOf(asText(given, "path")), asText(pattern, "pattern")) !== null,
    params: (/** @type {any} */ given, /** @type {any} */ pattern) =>
      capture(segmentsOf(asText(given, "path")), asText(pattern, "pattern")) ?? {},
    path,
    url: (/** @type {any} */ pattern, /** @type {any} */ params, /** @type {any} */ options) =>
      current.baseUrl.replace(/\/$/, "") + path(pattern, params, options),
    new: () => new Router(),
  };
}

/**
 * Return what the names of a pattern stand for in segments; null if they don't match.
 *
 * @param {string[]} given
 * @param {string} pattern
 * @returns {Record<string, string> | null}
 */
function capture(given, pattern) {
  const wanted = segmentsOf(pattern);
  const last = wanted.at(-1) ?? "";
  const hasRest = last.startsWith("*");
  if (hasRest) wanted.pop();
  if (given.length < wanted.length || given.length > wanted.length !== hasRest) return null;
  /** @type {[string, string][]} */
  const captured = [];
  for (let index = 0; index < wanted.length; index++) {
    const segment = wanted[index];
    if (segment.startsWith(":")) captured.push([segment.slice(1), given[index]]);
    else if (segment !== given[index]) return null;
  }
  if (hasRest && last.length > 1) {
    captured.push([last.slice(1), given.slice(wanted.length).join("/")]);
  }
  return Object.fromEntries(captured);
}

/**
 * Return the segments of the path below the function: cut first, then decoded (RFC 3986, 2.2).
 *
 * A path that the function has changed itself is taken as it is.
 *
 * @param {any} event
 */
function segmentsOfEvent(event) {
  const path = event.relativePath ?? "";
  const raw = event.rawRelativePath ?? "";
  const isEscaped = raw.includes("%") && unescaped(raw) === path;
  return isEscaped ? segmentsOf(raw).map(unescaped) : segmentsOf(path);
}

/** @param {string} text */
function unescaped(text) {
  const bytes = text.replace(/%([0-9A-Fa-f]{2})/g, (_, digits) =>
    String.fromCharCode(parseInt(digits, 16)),
  );
  return textOf(fromLatin1(bytes));
}

/** @param {string} path */
function segmentsOf(path) {
  return path.split("/").filter((segment) => segment !== "");
}

/**
 * @param {string} pattern
 * @param {Record<string, any>} params
 * @param {boolean} isStrict
 */
function filled(pattern, params, isStrict) {
  const rooted = pattern === "" || pattern.startsWith("/") ? pattern : `/${pattern}`;
  return rooted.replace(/[^/]+/g, (segment, at) => {
    const isLast = !/[^/]/.test(rooted.slice(at + segment.length));
    const isRest = segment.startsWith("*") && segment.length > 1 && isLast;
    if (!segment.startsWith(":") && !isRest) return segment;
    const name = segment.slice(1);
    const value = Object.hasOwn(params, name) ? params[name] ?? null : null;
    if (value === null) {
      if (isStrict) throw new PeriluneError(`no value for ${segment} in ${rooted}`, "router");
      return segment;
    }
    const text = asText(value, `params.${name}`);
    return isRest ? text.replace(/[^/]+/g, escaped) : escaped(text);
  });
}

/**
 * Escape text that is to be one segment of a path, as all languages do.
 *
 * @param {string} text
 */
function escaped(text) {
  return latin1Of(bytesOf(text)).replace(/[^A-Za-z0-9\-_.~$&+=:@]/g, (character) => {
    const digits = character.charCodeAt(0).toString(16).toUpperCase();
    return `%${digits.padStart(2, "0")}`;
  });
}

/**
 * @param {number} status
 * @param {string} reason
 * @param {Record<string, string>} headers
 */
function refusal(status, reason, headers) {
  return {
    statusCode: status,
    headers: { ...headers, "Content-Type": "application/json" },
    body: `{"error":"${reason}"}`,
  };
}
