/** Values as guests get them: the context, the event, answers of other servers. */

import { bytesOf, parsedJson } from "./text.js";

const now = performance.now.bind(performance);
const { floor, max } = Math;

/**
 * Headers are plain objects with the usual names; what is not found under its name is looked
 * for in any case.
 */
const ANY_CASE = new Proxy(Object.prototype, {
  get(target, name, headers) {
    if (typeof name !== "string" || name in target) return Reflect.get(target, name, headers);
    return headers[sameName(headers, name)];
  },
  has(target, name) {
    return name in target;
  },
  set(_target, name, value, headers) {
    return Reflect.defineProperty(headers, name, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  },
});

/**
 * @param {Record<string, any>} headers
 * @returns {Record<string, any>}
 */
export function withAnyCase(headers) {
  return Object.setPrototypeOf(headers, ANY_CASE);
}

/**
 * @param {Record<string, any>} headers
 * @param {string} name
 */
function sameName(headers, name) {
  const wanted = name.toLowerCase();
  // A symbol is never there, so that nothing is looked for again.
  return Object.keys(headers).find((one) => one.toLowerCase() === wanted) ?? MISSING;
}

const MISSING = Symbol("missing");

/** About this execution. */
export class Context {
  #deadlineMs;

  /**
   * @param {Record<string, any>} members
   * @param {number} timeLeftS
   */
  constructor(members, timeLeftS) {
    this.#deadlineMs = now() + timeLeftS * 1000;
    Object.assign(this, members);
  }

  /** Return the seconds until this execution is stopped. */
  timeLeft() {
    return max(0, this.#deadlineMs - now()) / 1000;
  }

  /** Return the same in whole milliseconds. */
  getRemainingTimeInMillis() {
    return floor(max(0, this.#deadlineMs - now()));
  }
}

/** What happened: an HTTP request, or what else called the function. */
export class FunctionEvent {
  /** @type {string} */
  body = "";

  /** @param {Record<string, any>} members */
  constructor(members) {
    Object.assign(this, members);
    if (members.headers) withAnyCase(members.headers);
    if (members.multiHeaders) withAnyCase(members.multiHeaders);
  }

  /** The body as it was received. */
  get bodyBytes() {
    return bytesOf(this.body);
  }

  /** Return the body, which is JSON; throws a SyntaxError if it is none. */
  json() {
    return parsedJson(this.body);
  }
}

/** What a server answered. */
export class HttpResponse {
  statusCode = 0;
  body = "";

  /** @param {Record<string, any>} members */
  constructor(members) {
    Object.assign(this, members);
    if (members.headers) withAnyCase(members.headers);
    if (members.multiHeaders) withAnyCase(members.multiHeaders);
  }

  /** Whether the status is one of success. */
  get ok() {
    return this.statusCode >= 200 && this.statusCode < 400;
  }

  /** The body as it was received. */
  get bodyBytes() {
    return bytesOf(this.body);
  }

  /** Return the body, which is JSON; throws a SyntaxError if it is none. */
  json() {
    return parsedJson(this.body);
  }
}
