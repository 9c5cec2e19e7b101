/** The module `cookies`, as in `worker/library/cookies.py`. */

import { PeriluneError } from "./errors.js";
import { asText } from "./host_calls.js";
import { bytesOf, fromLatin1, latin1Of, textOf } from "./text.js";

const MAX_COOKIE_BYTES = 4096;
const LAST_SECOND = 253402300799;
const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
const UNSAFE = /[^A-Za-z0-9_.~!#$&'()*+/:<=>?@[\]^`{|}-]/g;
const ATTRIBUTE = /^[ -:<-~]+$/;
const SAME_SITE = ["Strict", "Lax", "None"];

/** @typedef {(option: string, value: any) => string} Attribute */

/** @type {Record<string, Attribute>} */
const OPTIONS = {
  path: textAttribute,
  domain: textAttribute,
  maxAge: (option, value) => `Max-Age=${secondsOf(option, value)}`,
  expires: (option, value) =>
    `Expires=${new Date(Math.max(0, secondsOf(option, value)) * 1000).toUTCString()}`,
  secure: flag,
  httpOnly: flag,
  sameSite: (option, value) => {
    const known = SAME_SITE.find((one) => one.toLowerCase() === String(value).toLowerCase());
    if (known === undefined) throw refused(`${option} must be Strict, Lax or None`);
    return `SameSite=${known}`;
  },
};

export const cookies = {
  parse: (/** @type {any} */ event) => {
    const values = new Map();
    for (const pair of String(event?.headers?.Cookie ?? "").split(";")) {
      const at = pair.indexOf("=");
      const name = trimmed(pair.slice(0, at));
      if (at < 0 || name === "" || values.has(name)) continue;
      const value = trimmed(pair.slice(at + 1));
      const isQuoted = value.length > 1 && value.startsWith('"') && value.endsWith('"');
      values.set(name, unescaped(isQuoted ? value.slice(1, -1) : value));
    }
    return Object.fromEntries(values);
  },
  build: (/** @type {any} */ name, /** @type {any} */ value, /** @type {any} */ options) => {
    const token = asText(name, "name");
    if (!TOKEN.test(token)) {
      throw refused("the name of a cookie consists of letters, digits and !#$%&'*+-.^_`|~");
    }
    const line = `${token}=${escaped(asText(value, "value"))}`;
    if (line.length - 1 > MAX_COOKIE_BYTES) {
      throw refused(`a cookie has at most ${MAX_COOKIE_BYTES} bytes of name and value`);
    }
    return [line, ...attributesOf(options ?? {})].join("; ");
  },
};

/** @param {Record<string, any>} options */
function attributesOf(options) {
  const given = Object.entries(options).filter(([, one]) => one !== undefined && one !== null);
  const unknown = given.map(([key]) => key).filter((key) => !Object.hasOwn(OPTIONS, key));
  if (unknown.length > 0) {
    const known = Object.keys(OPTIONS).join(", ");
    throw refused(`there is no option ${unknown.sort()[0]}, only ${known}`);
  }
  /** @type {Record<string, any>} */
  const wanted = { httpOnly: true, sameSite: "Lax", ...Object.fromEntries(given) };
  const attributes = Object.entries(OPTIONS)
    .filter(([key]) => Object.hasOwn(wanted, key))
    .map(([key, make]) => make(key, wanted[key]))
    .filter((one) => one !== "");
  if (attributes.includes("SameSite=None") && !attributes.includes("Secure")) {
    throw refused("sameSite None needs the option secure");
  }
  return attributes;
}

/** @param {string} text */
function trimmed(text) {
  return text.replace(/^[ \t]+/, "").replace(/(?<![ \t])[ \t]+$/, "");
}

/** @param {string} text */
function escaped(text) {
  return latin1Of(bytesOf(text)).replace(
    UNSAFE,
    (one) => "%" + one.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0"),
  );
}

/** @param {string} text */
function unescaped(text) {
  const bytes = latin1Of(bytesOf(text)).replace(/%([0-9A-Fa-f]{2})/g, (_, digits) =>
    String.fromCharCode(parseInt(digits, 16)),
  );
  return textOf(fromLatin1(bytes));
}

/** @type {Attribute} */
function textAttribute(option, value) {
  if (typeof value !== "string" || !ATTRIBUTE.test(value)) {
    throw refused(`${option} must be ASCII text without a semicolon`);
  }
  return `${option[0].toUpperCase()}${option.slice(1)}=${value}`;
}

/** @type {Attribute} */
function flag(option, value) {
  if (typeof value !== "boolean") throw refused(`${option} must be true or false`);
  return value ? option[0].toUpperCase() + option.slice(1) : "";
}

/**
 * @param {string} option
 * @param {any} value
 */
function secondsOf(option, value) {
  if (typeof value === "number" && Math.abs(value) <= LAST_SECOND) return Math.trunc(value);
  throw refused(`${option} must be a number of seconds`);
}

/** @param {string} message */
function refused(message) {
  return new PeriluneError(message, "cookies");
}
