/**
 * Parsing of URLs as in Go's net/url: what is accepted, and the texts of errors.
 *
 * Texts hold one character for each byte.
 */

import { fromLatin1, textOf } from "./text.js";

export const MAX_URL_BYTES = 1024 * 1024;
export const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*$/;

const BAD_ESCAPE = /%(?![0-9A-Fa-f]{2})[^]{0,2}/;
// deno-lint-ignore no-control-regex
const CONTROL = /[\0-\x1f\x7f]/;
const PORT = /^(?::[0-9]*)?$/;
const USERINFO = /^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/;
const NO_HOST_CHARACTER = /[^A-Za-z0-9\-._~!$&'()*+,;=:[\]<>"%\x80-\xff]/;
// What may be escaped: an escape must not hide what could not be written plainly.
const HOST_ESCAPED = /[%\x80-\xff]/;
const ZONE_ESCAPED = /[A-Za-z0-9\-._~!$&'()*+,;=:[\]<>"% ]/;
/** @type {Record<string, string>} */
const SHORT_ESCAPES = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  '"': '\\"',
  "\\": "\\\\",
};

/** A text that is no URL; the message says why. */
export class UrlProblem extends Error {}

/**
 * @typedef {{ scheme: string, username: string, password: string, host: string, path: string,
 *   query: string, fragment: string }} Url decoded except for the query
 */

/**
 * Take a URL apart.
 *
 * @param {string} raw
 * @returns {Url}
 */
export function parse(raw) {
  checkSize(raw, MAX_URL_BYTES);
  const [before, fragment] = partitioned(raw, "#");
  let url;
  try {
    url = withoutFragment(before);
  } catch (error) {
    throw unparsable(before, error);
  }
  try {
    return { ...url, fragment: unescaped(fragment) };
  } catch (error) {
    throw unparsable(raw, error);
  }
}

/**
 * Undo the escapes of a text.
 *
 * @param {string} text
 */
export function unescaped(text) {
  checkEscapes(text);
  return text.replace(/%(..)/g, (_found, digits) => String.fromCharCode(parseInt(digits, 16)));
}

/**
 * Return the texts before and behind the first separator.
 *
 * @param {string} text
 * @param {string} separator
 * @returns {[string, string]}
 */
export function partitioned(text, separator) {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}

/**
 * @param {string} text
 * @param {number} limit
 */
export function checkSize(text, limit) {
  if (text.length > limit) {
    throw new UrlProblem(`text of ${text.length} bytes exceeds the limit of ${limit} bytes`);
  }
}

/** @param {string} text */
function withoutFragment(text) {
  const url = { scheme: "", username: "", password: "", host: "", path: "", query: "" };
  if (CONTROL.test(text)) throw new UrlProblem("net/url: invalid control character in URL");
  if (text.startsWith(":")) throw new UrlProblem("missing protocol scheme");
  let rest = text;
  const found = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text);
  if (found) {
    url.scheme = found[1].toLowerCase();
    rest = text.slice(found[0].length);
  }
  [rest, url.query] = partitioned(rest, "?");
  if (!rest.startsWith("/")) {
    if (url.scheme) return url; // the rest is opaque, as in mailto:a@b.c
    if (partitioned(rest, "/")[0].includes(":")) {
      throw new UrlProblem("first path segment in URL cannot contain colon");
    }
  }
  if (rest.startsWith("//") && (url.scheme || !rest.startsWith("///"))) {
    const end = rest.indexOf("/", 2);
    Object.assign(url, authorityOf(rest.slice(2, end < 0 ? undefined : end)));
    rest = end < 0 ? "" : rest.slice(end);
  }
  url.path = unescaped(rest);
  return url;
}

/** @param {string} authority */
function authorityOf(authority) {
  const at = authority.lastIndexOf("@");
  const userinfo = at < 0 ? "" : authority.slice(0, at);
  const host = hostOf(authority.slice(at + 1));
  if (!USERINFO.test(userinfo)) throw new UrlProblem("net/url: invalid userinfo");
  const [username, password] = partitioned(userinfo, ":");
  return { username: unescaped(username), password: unescaped(password), host };
}

/** @param {string} host with port */
function hostOf(host) {
  const isLiteral = host.startsWith("[");
  const end = isLiteral ? host.lastIndexOf("]") + 1 : host.lastIndexOf(":");
  if (isLiteral && end === 0) throw new UrlProblem("missing ']' in host");
  const port = end >= 0 ? host.slice(end) : "";
  if (!PORT.test(port)) throw new UrlProblem(`invalid port ${quoted(port)} after host`);
  const zoneAt = isLiteral ? host.slice(0, end).indexOf("%25") : -1;
  if (zoneAt < 0) return unescapedHost(host, HOST_ESCAPED);
  return (
    unescapedHost(host.slice(0, zoneAt), HOST_ESCAPED) +
    unescapedHost(host.slice(zoneAt, end - 1), ZONE_ESCAPED) +
    unescapedHost(host.slice(end - 1), HOST_ESCAPED)
  );
}

/**
 * @param {string} text
 * @param {RegExp} mayBeEscaped
 */
function unescapedHost(text, mayBeEscaped) {
  checkEscapes(text);
  for (const [escape, digits] of text.matchAll(/%(..)/g)) {
    if (!mayBeEscaped.test(String.fromCharCode(parseInt(digits, 16)))) {
      throw new UrlProblem(`invalid URL escape ${quoted(escape)}`);
    }
  }
  const found = NO_HOST_CHARACTER.exec(text);
  if (found) throw new UrlProblem(`invalid character ${quoted(found[0])} in host name`);
  return unescaped(text);
}

/** @param {string} text */
function checkEscapes(text) {
  const found = BAD_ESCAPE.exec(text);
  if (found) throw new UrlProblem(`invalid URL escape ${quoted(found[0])}`);
}

/**
 * @param {string} raw
 * @param {unknown} reason
 */
function unparsable(raw, reason) {
  if (!(reason instanceof UrlProblem)) throw reason;
  return new UrlProblem(`parse ${quoted(raw)}: ${reason.message}`);
}

/**
 * Return a text as Go's `%q` shows it: UTF-8 stays, what can't be shown is escaped.
 *
 * @param {string} text
 */
function quoted(text) {
  let shown = "";
  for (const character of textOf(fromLatin1(text))) shown += shownCharacter(character);
  return `"${shown}"`;
}

/** @param {string} character */
function shownCharacter(character) {
  const short = SHORT_ESCAPES[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  const hex = (/** @type {number} */ value, /** @type {number} */ size) =>
    value.toString(16).padStart(size, "0");
  if (code >= 0xdc80 && code <= 0xdcff) return `\\x${hex(code - 0xdc00, 2)}`;
  if (code < 0x20 || code === 0x7f) return `\\x${hex(code, 2)}`;
  if (/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character)) return character;
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}
