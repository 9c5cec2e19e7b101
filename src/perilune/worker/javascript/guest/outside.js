/** The modules http, ai and email: options as guests write them become what the host takes. */

import { PeriluneError } from "./errors.js";
import { makeFetch } from "./fetching.js";
import { dataArgument, kindOf, numberArgument } from "./host_calls.js";
import { camelCase, snakeCase } from "./names.js";
import { HttpResponse } from "./records.js";

const HTTP_OPTIONS = ["headers", "query", "timeout", "followRedirects", "maxBytes"];
const BODY_OPTIONS = [...HTTP_OPTIONS, "body", "json", "form"];
const CHAT_OPTIONS = ["provider", "model", "messages", "max_tokens", "temperature", "endpoint"];
const MAIL_TEXTS = ["from", "subject", "text", "html"];
const MAIL_LISTS = ["to", "cc", "bcc", "reply_to"];
const MAIL_OPTIONS = [
  ...MAIL_TEXTS,
  ...MAIL_LISTS,
  "headers",
  "tags",
  "scheduled_at",
  "attachments",
];
const DEFAULT_MAX_TOKENS = 1024;
const YEAR_10000_S = 253_402_300_800;

const { isArray } = Array;
const { entries, fromEntries } = Object;

/**
 * @typedef {(...values: any[]) => Promise<any>} HostCall
 */

/**
 * Put the functions that guests call in place of the bare host calls; return `fetch`.
 *
 * @param {Record<string, Record<string, any>>} modules
 * @param {import("./host_calls.js").HostFunction[]} functions
 * @param {import("./host_calls.js").HostCalls} calls
 */
export function adaptOutside(modules, functions, calls) {
  const { http, ai, email } = modules;
  for (const [name, call] of entries(http)) http[name] = request(name, call);
  if (ai.chat) ai.chat = chat(ai.chat);
  if (email.send) email.send = send(email.send);
  const described = functions.find((one) => one.module === "http" && one.name === "request");
  return makeFetch(described && calls.bind(described, true));
}

/**
 * @param {string} name
 * @param {HostCall} call
 */
function request(name, call) {
  const allowed = name === "get" || name === "head" ? HTTP_OPTIONS : BODY_OPTIONS;
  if (name === "request") {
    return async (/** @type {any} */ method, /** @type {any} */ url, /** @type {any} */ options) =>
      new HttpResponse(await call(method, url, httpOptions(name, options, allowed)));
  }
  return async (/** @type {any} */ url, /** @type {any} */ options) =>
    new HttpResponse(await call(url, httpOptions(name, options, allowed)));
}

/**
 * @param {string} name
 * @param {any} options
 * @param {string[]} allowed
 */
function httpOptions(name, options, allowed) {
  const given = optionsOf(`http.${name}`, options, allowed, camelCase);
  const headers = texts("headers", given.headers);
  /** @type {Record<string, any>} */
  const wire = { headers, query: texts("query", given.query) };
  for (const one of ["timeout", "maxBytes"]) {
    if (given[one] !== undefined) wire[one] = positive(one, given[one]);
  }
  if (given.followRedirects === false) wire.followRedirects = false;
  if (given.json !== undefined) {
    wire.body = JSON.stringify(given.json);
    const names = Object.keys(headers).map((one) => one.toLowerCase());
    if (!names.includes("content-type")) headers["Content-Type"] = "application/json";
  } else if (given.form !== undefined) {
    wire.form = texts("form", given.form);
  } else if (given.body !== undefined) {
    wire.body = dataArgument(given.body, "body");
  }
  return wire;
}

/** @param {HostCall} call */
function chat(call) {
  return async (/** @type {any} */ options) => {
    const given = optionsOf("ai.chat", options, CHAT_OPTIONS, snakeCase);
    if (!given.provider) throw refused("ai", "provider is required (openai or anthropic)");
    if (!given.model) throw refused("ai", "model is required");
    if (!isArray(given.messages) || given.messages.length === 0) {
      throw refused("ai", "messages is required and must be a list with at least one message");
    }
    /** @type {Record<string, any>} */
    const wire = {
      provider: dataArgument(given.provider, "provider"),
      model: dataArgument(given.model, "model"),
      messages: given.messages.map(message),
      max_tokens: Math.trunc(numberArgument(given.max_tokens || DEFAULT_MAX_TOKENS, "maxTokens")),
    };
    if (given.temperature !== undefined) {
      wire.temperature = numberArgument(given.temperature, "temperature");
    }
    if (given.endpoint) wire.endpoint = dataArgument(given.endpoint, "endpoint");
    const { usage, ...answer } = await call(wire);
    return { ...answer, usage: renamed(usage, camelCase) };
  };
}

/**
 * @param {any} value
 * @param {number} index
 */
function message(value, index) {
  if (!value?.role || !value.content) {
    throw refused("ai", `messages[${index}] needs a role and a content that are text`);
  }
  return {
    role: dataArgument(value.role, "role"),
    content: dataArgument(value.content, "content"),
  };
}

/** @param {HostCall} call */
function send(call) {
  return async (/** @type {any} */ options) => {
    const given = optionsOf("email.send", options, MAIL_OPTIONS, snakeCase);
    if (given.to === undefined) throw refused("email", "to is required");
    /** @type {Record<string, any>} */
    const wire = {};
    for (const name of MAIL_LISTS) wire[name] = addresses(name, given[name]);
    for (const name of MAIL_TEXTS) wire[name] = dataArgument(given[name] ?? "", name);
    if (wire.to.length === 0) throw refused("email", "to cannot be empty");
    for (const name of ["from", "subject"]) {
      if (wire[name].length === 0) throw refused("email", `${name} is required`);
    }
    if (wire.text.length === 0 && wire.html.length === 0) {
      throw refused("email", "either text or html content is required");
    }
    wire.headers = texts("headers", given.headers);
    wire.tags = (given.tags ?? []).map(tag);
    wire.scheduled_at = moment(given.scheduled_at);
    wire.attachments = (given.attachments ?? []).map(attachment);
    return await call(wire);
  };
}

/**
 * @param {string} name
 * @param {any} value
 */
function addresses(name, value) {
  if (value === undefined) return [];
  const list = isArray(value) ? value : [value];
  if (!list.every((one) => typeof one === "string")) {
    throw refused("email", `${camelCase(name)} must be a string or an array of strings`);
  }
  return list.filter((one) => one !== "" || !isArray(value));
}

/**
 * @param {any} value
 * @param {number} index
 */
function tag(value, index) {
  if (!value?.name) throw refused("email", `tags[${index}] needs a name and a value`);
  return {
    name: dataArgument(value.name, "name"),
    value: dataArgument(value.value ?? "", "value"),
  };
}

/**
 * @param {any} value
 * @param {number} index
 */
function attachment(value, index) {
  const given = renamed(value ?? {}, snakeCase);
  if (!given.filename || (given.content ?? null) === null) {
    throw refused("email", `attachments[${index}] needs a filename and a content`);
  }
  return {
    filename: dataArgument(given.filename, "filename"),
    content: dataArgument(given.content, "content"),
    content_type: dataArgument(given.content_type ?? "", "contentType"),
  };
}

/**
 * Return when an e-mail is to be sent: dates and Unix seconds become RFC 3339.
 *
 * @param {any} value
 */
function moment(value) {
  if (value === undefined) return "";
  const seconds = value instanceof Date ? value.getTime() / 1000 : value;
  if (typeof seconds !== "number") return dataArgument(seconds, "scheduledAt");
  if (!(seconds >= 0 && seconds < YEAR_10000_S)) {
    throw refused("email", "scheduledAt is out of range");
  }
  return `${new Date(Math.floor(seconds) * 1000).toISOString().slice(0, 19)}Z`;
}

/**
 * Return options by the names that the host has, without those that are undefined or null.
 *
 * @param {string} what
 * @param {any} options
 * @param {string[]} allowed
 * @param {(name: string) => string} rename
 */
function optionsOf(what, options, allowed, rename) {
  if (options === undefined || options === null) return {};
  if (typeof options !== "object" || isArray(options)) {
    throw new TypeError(`${what}: options must be an object, not ${kindOf(options)}`);
  }
  const given = renamed(options, rename);
  for (const name of Object.keys(given)) {
    if (!allowed.includes(name)) {
      const names = allowed.map(camelCase).sort().join(", ");
      throw new TypeError(`${what} has no option "${camelCase(name)}", only: ${names}`);
    }
  }
  return given;
}

/**
 * @param {Record<string, any>} members
 * @param {(name: string) => string} rename
 * @returns {Record<string, any>}
 */
function renamed(members, rename) {
  const named = entries(members).filter(([, value]) => value !== undefined && value !== null);
  return fromEntries(named.map(([name, value]) => [rename(name), value]));
}

/**
 * @param {string} what
 * @param {any} value an object, or something like `Headers` or `URLSearchParams`
 */
function texts(what, value) {
  if (value === undefined) return {};
  if (typeof value !== "object" || isArray(value)) {
    throw new TypeError(`${what} must be an object, not ${kindOf(value)}`);
  }
  const pairs = typeof value[Symbol.iterator] === "function" ? [...value] : entries(value);
  return fromEntries(
    pairs
      .filter(([, one]) => one !== undefined && one !== null)
      .map((
        [name, one],
      ) => [
        String(name),
        typeof one === "boolean" ? String(one) : dataArgument(one, `${what}.${name}`),
      ]),
  );
}

/**
 * @param {string} name
 * @param {any} value
 */
function positive(name, value) {
  const number = numberArgument(value, name);
  if (number > 0 && number < Infinity) return number;
  throw refused("http", `${name} must be a positive number`);
}

/**
 * @param {string} module
 * @param {string} text
 */
function refused(module, text) {
  return new PeriluneError(text, module);
}
