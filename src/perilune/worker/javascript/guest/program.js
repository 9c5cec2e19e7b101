/** The code of a version: loaded once, called for each execution. */

import { HandlerError } from "./errors.js";

const { createObjectURL, revokeObjectURL } = URL;
const NO_HANDLER = "handler not found: define export default function handler(ctx, event), " +
  "or export function handler(ctx, event)";
// Imported modules run before those that import them.  When the first one throws, what follows
// has been compiled and linked, and does not run.
const CHECK_MARK = Symbol.for("perilune.checked");
const CHECK_IMPORT = 'import "data:text/javascript,throw Symbol.for(%22perilune.checked%22)";';
/** The exports that may be the handler, the first one that is there. */
const HANDLERS = ["default", "handler"];

/**
 * @typedef {(ctx: any, event: any) => any} Handler
 */

export class Program {
  #type;
  #fileName;
  #failures;
  #source = "";
  #version = "";
  /** @type {Record<string, any> | null} */
  #module = null;

  /**
   * @param {string} language
   * @param {import("./failures.js").Failures} failures
   */
  constructor(language, failures) {
    const isTyped = language === "typescript";
    this.#type = isTyped ? "application/typescript" : "application/javascript";
    this.#fileName = isTyped ? "main.ts" : "main.js";
    this.#failures = failures;
  }

  /**
   * Return the handler of a version; its module is loaded the first time.
   *
   * @param {string} version
   * @param {string | null} source null when it has been given before
   * @returns {Handler | Promise<Handler>}
   */
  handler(version, source) {
    if (version === this.#version && this.#module !== null) return handlerOf(this.#module);
    return this.#loaded(version, source);
  }

  /**
   * Throw what is wrong with a source, as far as that can be told without running it: it can't
   * be compiled, imports what there is not, or has no handler.
   *
   * @param {string} source
   */
  async check(source) {
    await linked(this.#import(source, CHECK_IMPORT));
    const url = createObjectURL(new Blob([source], { type: this.#type }));
    try {
      for (const name of HANDLERS) {
        const importing = `${CHECK_IMPORT} import { ${name} as handler } from "${url}";`;
        const blob = createObjectURL(new Blob([importing], { type: "text/javascript" }));
        const found = await linked(import(blob)).then(() => true, () => false);
        revokeObjectURL(blob);
        if (found) return;
      }
    } finally {
      revokeObjectURL(url);
    }
    throw new HandlerError(NO_HANDLER);
  }

  /**
   * @param {string} version
   * @param {string | null} source
   */
  async #loaded(version, source) {
    if (source !== null) this.#source = source;
    this.#module = null;
    const module = await this.#import(this.#source);
    this.#module = module;
    this.#version = version;
    return handlerOf(module);
  }

  /**
   * @param {string} source
   * @param {string} prefix code for the first line, in front of the source
   */
  async #import(source, prefix = "") {
    const blob = new Blob([prefix, source], { type: this.#type });
    const url = createObjectURL(blob);
    this.#failures.follow(url, source, this.#fileName, prefix.length);
    try {
      return await import(url);
    } finally {
      revokeObjectURL(url);
    }
  }
}

/**
 * Wait until a module that begins with `CHECK_IMPORT` has been compiled and linked.
 *
 * @param {Promise<unknown>} importing
 */
async function linked(importing) {
  try {
    await importing;
  } catch (error) {
    if (error !== CHECK_MARK) throw error;
  }
}

/**
 * @param {Record<string, any>} module
 * @returns {Handler}
 */
function handlerOf(module) {
  const { default: main, handler } = module;
  if (typeof main === "function") return main;
  if (typeof handler === "function") return handler;
  throw new HandlerError(NO_HANDLER);
}
