/** The module `url`: taking apart, building, joining and escaping (RFC 3986), as in Go. */

import { PeriluneError } from "./errors.js";
import { dataArgument, kindOf } from "./host_calls.js";
import { bytesOf, fromLatin1, latin1Of, textOf } from "./text.js";
import {
  checkSize,
  MAX_URL_BYTES,
  parse,
  partitioned,
  SCHEME,
  unescaped,
  UrlProblem,
} from "./url_parser.js";

const MAX_TEXT_BYTES = 16 * 1024 * 1024;
const PARTS = ["scheme", "username", "password", "host", "path", "fragment"];
// RFC 3986, appendix B.  Each part has its delimiter, and is empty if it is absent.
const SPLIT =
  /^((?:[A-Za-z][A-Za-z0-9+.-]*:)?)((?:\/\/[^/?#]*)?)([^?#]*)((?:\?[^#]*)?)((?:#.*)?)$/s;

// What stays as it is, besides letters, digits and `-_.~`.
const SEGMENT_SAFE = "$&+=:@";
const PATH_SAFE = "/:@!$&'()*+,;=";
const FRAGMENT_SAFE = `${PATH_SAFE}?`;
const HOST_SAFE = "!$&'()*+,;=:[]<>\"";

export const url = {
  parse: guarded((/** @type {any} */ text) => {
    const parts = parse(raw(text, "text"));
    /** @type {Record<string, any>} */
    const shown = {};
    for (const name of ["scheme", "host", "path", "fragment"]) {
      shown[name] = plain(/** @type {any} */ (parts)[name]);
    }
    shown.query = queryOf(parts.query);
    if (parts.username) shown.username = plain(parts.username);
    if (parts.password) shown.password = plain(parts.password);
    return shown;
  }),
  build: guarded(build),
  join: guarded((/** @type {any} */ base, /** @type {any} */ reference) =>
    plain(joined(raw(base, "base"), raw(reference, "reference")))
  ),
  encode: guarded((/** @type {any} */ text) => escapedQuery(raw(text, "text"))),
  encodePath: guarded((/** @type {any} */ text) => escaped(raw(text, "text"), SEGMENT_SAFE)),
  decode: guarded((/** @type {any} */ text) => plain(decodedQuery(raw(text, "text")))),
};

/**
 * Escape text that is to be one segment of a path; a slash in it is no separator.
 *
 * @param {string} text
 */
export function encodePathSegment(text) {
  return escaped(latin1Of(bytesOf(text)), SEGMENT_SAFE);
}

/**
 * @template {(...values: any[]) => any} F
 * @param {F} work
 * @returns {F}
 */
function guarded(work) {
  return /** @type {F} */ ((...values) => {
    try {
      return work(...values);
    } catch (error) {
      throw error instanceof UrlProblem ? new PeriluneError(error.message, "url") : error;
    }
  });
}

/**
 * Return a text argument with one character for each byte.
 *
 * @param {any} value
 * @param {string} label
 */
function raw(value, label) {
  return latin1Of(dataArgument(value, label));
}

/** @param {string} text with one character for each byte */
function plain(text) {
  return textOf(fromLatin1(text));
}

/** @param {any} parts */
function build(parts) {
  if (typeof parts !== "object" || parts === null) {
    throw new TypeError(`parts must be an object, not ${kindOf(parts)}`);
  }
  const [scheme, username, password, host, path, fragment] = PARTS.map((name) =>
    raw(parts[name] ?? "", name)
  );
  if (scheme && !SCHEME.test(scheme)) throw new UrlProblem("invalid scheme");
  const pairs = [];
  for (const [name, value] of Object.entries(parts.query ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) {
      pairs.push([raw(name, "query"), raw(one, `query.${name}`)]);
    }
  }
  pairs.sort(([first], [second]) => (first < second ? -1 : first > second ? 1 : 0));
  const query = pairs.map(([name, one]) => `${escapedQuery(name)}=${escapedQuery(one)}`).join("&");
  const text = (scheme ? `${scheme}:` : "") +
    hierarchy(username, password, host, path, scheme !== "") +
    (query ? `?${query}` : "") +
    (fragment ? `#${escaped(fragment, FRAGMENT_SAFE)}` : "");
  checkSize(text, MAX_URL_BYTES);
  parse(text); // refuses a host that is none
  return plain(text);
}

/**
 * Return what comes between scheme and query: authority and path.
 *
 * @param {string} username
 * @param {string} password
 * @param {string} host
 * @param {string} path
 * @param {boolean} hasScheme
 */
function hierarchy(username, password, host, path, hasScheme) {
  const user = escaped(username, "") + (password ? `:${escaped(password, "")}` : "");
  const whole = escaped(path, PATH_SAFE);
  if (user || host || (hasScheme && whole.startsWith("/"))) {
    const separator = whole && !whole.startsWith("/") ? "/" : "";
    return `//${user ? `${user}@` : ""}${escaped(host, HOST_SAFE)}${separator}${whole}`;
  }
  if (whole.startsWith("//")) return `/%2F${whole.slice(2)}`; // else it would be taken for a host
  if (hasScheme) return whole;
  const [first] = partitioned(whole, "/");
  // Else it would be taken for a scheme.
  return first.replaceAll(":", "%3A") + whole.slice(first.length);
}

/**
 * Return what a reference means within a base URL (RFC 3986, section 5.2).
 *
 * @param {string} base
 * @param {string} reference
 */
function joined(base, reference) {
  parse(base);
  parse(reference);
  let [, scheme, authority, path, query, fragment] = partsOf(reference);
  const [, baseScheme, baseAuthority, basePath, baseQuery] = partsOf(base);
  if (authority || path.startsWith("/")) {
    path = withoutDots(path);
  } else if (path && !scheme) {
    path = withoutDots(merged(baseAuthority, basePath, path));
  } else if (!scheme) {
    path = basePath;
    query ||= baseQuery;
  }
  if (!scheme) {
    scheme = baseScheme;
    authority ||= baseAuthority;
  }
  if (!authority && path.startsWith("//")) path = `/.${path}`; // else it would be taken for a host
  if (!scheme && !authority && partitioned(path, "/")[0].includes(":")) path = `./${path}`;
  return scheme.toLowerCase() + authority + path + query + fragment;
}

/** @param {string} text */
function partsOf(text) {
  return SPLIT.exec(text) ?? ["", "", "", text, "", ""];
}

/**
 * @param {string} authority
 * @param {string} basePath
 * @param {string} path
 */
function merged(authority, basePath, path) {
  if (authority && !basePath) return `/${path}`;
  return basePath.slice(0, basePath.lastIndexOf("/") + 1) + path;
}

/** @param {string} path */
function withoutDots(path) {
  const segments = path.replace(/^\//, "").split("/");
  const kept = [];
  for (const segment of segments) {
    if (segment === "..") kept.pop();
    else if (segment !== ".") kept.push(segment);
  }
  if ([".", ".."].includes(segments.at(-1) ?? "")) kept.push("");
  return (path.startsWith("/") ? "/" : "") + kept.join("/");
}

/**
 * Return the values by name; pairs that can't be read are left out.
 *
 * @param {string} query
 */
function queryOf(query) {
  /** @type {Map<string, string[]>} */
  const values = new Map();
  for (const pair of query.split("&")) {
    if (pair === "" || pair.includes(";")) continue;
    try {
      const [name, value] = partitioned(pair, "=").map((one) => plain(decodedQuery(one)));
      const many = values.get(name);
      if (many) many.push(value);
      else values.set(name, [value]);
    } catch (error) {
      if (!(error instanceof UrlProblem)) throw error;
    }
  }
  const members = [...values].map(([name, many]) => [name, many.length > 1 ? many : many[0]]);
  return Object.fromEntries(members);
}

/** @param {string} text */
function decodedQuery(text) {
  checkSize(text, MAX_TEXT_BYTES);
  return unescaped(text.replaceAll("+", " "));
}

/** @param {string} text */
function escapedQuery(text) {
  return escaped(text, " ").replaceAll(" ", "+");
}

/**
 * @param {string} text
 * @param {string} safe
 */
function escaped(text, safe) {
  checkSize(text, MAX_TEXT_BYTES);
  return text.replace(/[^A-Za-z0-9\-_.~]/g, (character) => {
    if (safe.includes(character)) return character;
    return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
  });
}
