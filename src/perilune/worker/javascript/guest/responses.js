/** What a handler may return, and the response it means. */

import { HandlerError } from "./errors.js";
import { bytesOf, fromLatin1, latin1Of } from "./text.js";

const JSON_TYPE = "application/json";
const TEXT_TYPE = "text/plain; charset=utf-8";
const BYTES_TYPE = "application/octet-stream";
const MEMBERS = new Set(["statusCode", "status", "headers", "body", "isBase64Encoded"]);
const TOKEN = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/;
const UNFIT = /[\0\r\n]/;
// deno-lint-ignore no-control-regex
const ASCII = /^[\x00-\x7f]*$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const MAX_SHOWN_CHARS = 80;
const MAX_HEADERS_BYTES = 256 * 1024;
/** What a line counts beyond its text, as in HTTP/2. */
const HEADER_LINE_BYTES = 32;
const NO_BYTES = new Uint8Array(0);

const { stringify } = JSON;
const { isArray } = Array;

/**
 * @typedef {{ status: number, headers: Record<string, string | string[]>, body: Uint8Array,
 *   isBase64: boolean }} Answer
 */

/**
 * Return the response that a handler's return value means.
 *
 * @param {any} value
 * @param {number} limit most bytes of the body
 * @returns {Answer | Promise<Answer>}
 */
export function answerOf(value, limit) {
  if (value instanceof Response) return fromResponse(value, limit);
  const answer = fromValue(value);
  return checked(answer, limit);
}

/** @param {any} value */
function fromValue(value) {
  if (value === undefined || value === null) return whole(204, {}, NO_BYTES);
  if (!isResponse(value)) {
    const { bytes, implied } = bodyOf(value);
    return whole(200, headersOf(undefined, implied), bytes);
  }
  const { body } = value;
  const { bytes, implied } = bodyOf(body ?? undefined);
  // A text is as the headers say; only what has no form of its own is given one.
  const type = typeof body === "string" ? null : implied;
  const status = statusOf(value.statusCode ?? value.status);
  return whole(status, headersOf(value.headers, type), bytes, Boolean(value.isBase64Encoded));
}

/**
 * Tell whether a value is a response, and not data to be sent as JSON.
 *
 * It is when all its members are those of a response, and one of them is `body`,
 * `statusCode`, or a `status` that is a number.
 *
 * @param {any} value
 */
function isResponse(value) {
  if (typeof value !== "object" || isArray(value) || isBytes(value)) return false;
  const names = Object.keys(value);
  if (names.length === 0 || !names.every((name) => MEMBERS.has(name))) return false;
  return "body" in value || "statusCode" in value || typeof value.status === "number";
}

/**
 * @param {Response} response
 * @param {number} limit
 */
async function fromResponse(response, limit) {
  const bytes = response.body === null ? NO_BYTES : new Uint8Array(await response.arrayBuffer());
  /** @type {Record<string, string | string[]>} */
  const headers = {};
  response.headers.forEach((value, name) => {
    if (name !== "set-cookie") headers[name] = latin1(value);
  });
  // Bytes and streams have no type of their own (Fetch, "Body"); no value says so.
  headers["content-type"] ??= [];
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) headers["set-cookie"] = cookies.map(latin1);
  return checked(whole(statusOf(response.status), headers, bytes), limit);
}

/**
 * @param {number} status
 * @param {Record<string, string | string[]>} headers
 * @param {Uint8Array} body
 * @param {boolean} isBase64
 * @returns {Answer}
 */
function whole(status, headers, body, isBase64 = false) {
  return { status, headers, body, isBase64 };
}

/**
 * @param {Answer} answer
 * @param {number} limit
 */
function checked(answer, limit) {
  let size = answer.body.length;
  if (answer.isBase64) {
    const text = latin1Of(answer.body).replace(/[\r\n]/g, "");
    if (text.length % 4 !== 0 || !BASE64.test(text)) {
      throw new HandlerError("invalid body: isBase64Encoded is set, but it is not base64");
    }
    answer.body = fromLatin1(text);
    size = (text.length / 4) * 3 - (text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0);
  }
  checkHeaders(answer.headers);
  if (size > limit) {
    throw new HandlerError(`response body of ${size} bytes exceeds the limit of ${limit} bytes`);
  }
  return answer;
}

/** @param {Record<string, string | string[]>} headers */
function checkHeaders(headers) {
  let size = 0;
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    for (const line of isArray(value) ? value : [value]) {
      size += name.length + line.length + HEADER_LINE_BYTES;
    }
  }
  if (size > MAX_HEADERS_BYTES) {
    throw new HandlerError(
      `response headers of ${size} bytes, ${HEADER_LINE_BYTES} for each line included, ` +
        `exceed the limit of ${MAX_HEADERS_BYTES} bytes`,
    );
  }
}

/** @param {any} value */
function statusOf(value) {
  if (value === undefined || value === null) return 200;
  const isText = typeof value === "string" && /^\s*\d+\s*$/.test(value);
  const status = typeof value === "number" || isText ? Math.trunc(Number(value)) : NaN;
  if (status >= 200 && status <= 599) return status;
  throw new HandlerError(
    `invalid statusCode: ${shown(value)} (an integer from 200 to 599 is expected)`,
  );
}

/**
 * Return a body's bytes, and the content type they imply.
 *
 * @param {any} value
 */
function bodyOf(value) {
  if (value === undefined || value === null) return { bytes: NO_BYTES, implied: null };
  if (typeof value === "string") return { bytes: bytesOf(value), implied: TEXT_TYPE };
  if (isBytes(value)) return { bytes: viewOf(value), implied: BYTES_TYPE };
  let text;
  try {
    text = stringify(value);
  } catch (error) {
    throw new HandlerError(`invalid body: ${error instanceof Error ? error.message : error}`);
  }
  if (text === undefined) {
    throw new HandlerError(`invalid body: a ${typeof value} can't be written as JSON`);
  }
  return { bytes: bytesOf(text), implied: JSON_TYPE };
}

/** @param {any} value */
function isBytes(value) {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer;
}

/** @param {any} value */
function viewOf(value) {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

/**
 * @param {any} headers
 * @param {string | null} implied the content type if none is given
 */
function headersOf(headers, implied) {
  /** @type {Record<string, string | string[]>} */
  const given = Object.create(null);
  let hasType = false;
  for (const [name, value] of entriesOf(headers)) {
    if (!TOKEN.test(name)) throw new HandlerError(`invalid header name: ${shown(name)}`);
    hasType ||= name.toLowerCase() === "content-type";
    given[name] = isArray(value)
      ? value.map((one) => headerText(name, one))
      : headerText(name, value);
  }
  if (implied !== null && !hasType) given["Content-Type"] = implied;
  return given;
}

/**
 * @param {any} headers
 * @returns {[string, any][]}
 */
function entriesOf(headers) {
  if (headers === undefined || headers === null) return [];
  if (headers instanceof Headers) {
    const cookies = headers.getSetCookie();
    const others = [...headers].filter(([name]) => name !== "set-cookie");
    return cookies.length > 0 ? [...others, ["set-cookie", cookies]] : others;
  }
  if (typeof headers === "object" && !isArray(headers)) return Object.entries(headers);
  const what = isArray(headers) ? "array" : typeof headers;
  throw new HandlerError(`invalid headers: an object is expected, got ${what}`);
}

/**
 * @param {string} name
 * @param {any} value
 */
function headerText(name, value) {
  if (typeof value !== "string" && typeof value !== "number") {
    const what = value === null ? "null" : typeof value;
    throw new HandlerError(
      `invalid value for header "${name}": string or number expected, got ${what}`,
    );
  }
  const text = String(value);
  if (UNFIT.test(text)) {
    throw new HandlerError(
      `invalid value for header "${name}": line breaks and NUL are not allowed`,
    );
  }
  return latin1(text);
}

/**
 * Return a text with one character for each of its bytes, as frames have headers.
 *
 * @param {string} text
 */
function latin1(text) {
  return ASCII.test(text) ? text : latin1Of(bytesOf(text));
}

/** @param {any} value */
function shown(value) {
  const text = typeof value === "string" ? stringify(value) : String(value);
  return text.length <= MAX_SHOWN_CHARS ? text : `${text.slice(0, MAX_SHOWN_CHARS)}...`;
}
