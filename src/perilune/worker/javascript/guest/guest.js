/** What guests import as `perilune` and have as globals. */

import { cookies } from "./cookies.js";
import { PeriluneError } from "./errors.js";
import { Name } from "./msgpack.js";
import { json } from "./json.js";
import { camelCase } from "./names.js";
import { adaptOutside } from "./outside.js";
import { random } from "./random.js";
import { makeRouter } from "./routing.js";
import { cut } from "./text.js";
import { makeTime } from "./time.js";

const { stringify } = JSON;
// Where these modules are, which stacks of errors name: it tells of the server, and says nothing.
const HERE = new URL("./", import.meta.url).href;

/**
 * @typedef {Record<string, (...values: any[]) => any>} Functions
 * @typedef {{ mount: string, baseUrl: string }} Current
 * @typedef {{
 *   modules: Record<string, any>,
 *   log: (level: string, text: string) => void,
 *   fetch: typeof globalThis.fetch,
 *   enter: (context: Record<string, any>) => void,
 * }} Guest
 * @typedef {{
 *   functions: import("./host_calls.js").HostFunction[],
 *   calls: import("./host_calls.js").HostCalls,
 *   timers: import("./timers.js").Timers,
 *   lineLimit: number,
 *   inspect: (value: unknown) => string,
 * }} Parts
 */

/**
 * Return the guest API of this process.
 *
 * @param {Parts} parts
 * @returns {Guest}
 */
export function makeGuest({ functions, calls, timers, lineLimit, inspect }) {
  /** @type {Record<string, Functions>} */
  const modules = Object.fromEntries(OF_HOST.map((name) => [name, {}]));
  for (const described of functions) {
    modules[described.module][camelCase(described.name)] = calls.bind(described);
  }
  const levels = new Map(
    functions
      .filter((one) => one.module === "log")
      .map((one) => [one.name, new Name(`log.${one.name}`)]),
  );

  /** @type {Guest["log"]} */
  const log = (level, text) => {
    const name = levels.get(level);
    if (name !== undefined) calls.tell(name, [cut(text.replaceAll(HERE, "perilune:"), lineLimit)]);
  };
  for (const level of levels.keys()) modules.log[level] = logger(level, log, inspect);

  /** @type {Current} */
  const current = { mount: "", baseUrl: "" };
  const fetch = adaptOutside(modules, functions, calls);
  return {
    modules: {
      ...modules,
      json,
      time: makeTime(timers),
      random,
      cookies,
      router: makeRouter(current),
      PeriluneError,
    },
    log,
    fetch,
    enter: ({ mount = "", baseUrl = "" }) => Object.assign(current, { mount, baseUrl }),
  };
}

// Those of them that the server carries out; it need not have any function of one.
const OF_HOST = ["log", "kv", "env", "http", "ai", "email"];

/**
 * @param {string} level
 * @param {Guest["log"]} log
 * @param {(value: unknown) => string} inspect
 */
function logger(level, log, inspect) {
  return (/** @type {unknown} */ message, /** @type {unknown} */ fields) => {
    const text = typeof message === "string" ? message : inspect(message);
    log(level, fields === undefined || fields === null ? text : `${text} ${stringify(fields)}`);
  };
}
