/** How guest code failed, as the host is told. */

import { HandlerError } from "./errors.js";

const MAX_MESSAGE_CHARS = 64 * 1024;
const MAX_ERRORS = 16;
const PLACE = /(?<=^|[\s(])(main\.[jt]s):(\d+):(\d+)/;
// deno-lint-ignore no-control-regex
const COLORS = /\x1b\[[0-9;]*m/g;

/**
 * @typedef {{ kind: string, message: string, line: number | null, column: number | null }} Failure
 */

export class Failures {
  #inspect;
  #url = "";
  #source = "";
  #name = "main.js";
  #prefixSize = 0;

  /** @param {(value: unknown) => string} inspect writes any value */
  constructor(inspect) {
    this.#inspect = inspect;
  }

  /**
   * Tell which code is run from now on.
   *
   * @param {string} url its address
   * @param {string} source
   * @param {string} name what it is called in reports
   * @param {number} prefixSize how many characters are in front of it
   */
  follow(url, source, name, prefixSize) {
    this.#prefixSize = prefixSize;
    this.#url = url;
    this.#source = source;
    this.#name = name;
  }

  /**
   * Return the failure to report for what guest code has thrown.
   *
   * @param {unknown} error
   * @returns {Failure}
   */
  of(error) {
    try {
      if (error instanceof HandlerError) return this.#failure("runtime", error.message);
      if (!(error instanceof Error)) {
        return this.#failure("runtime", `Uncaught ${this.#inspect(error)}`);
      }
      return this.#refusal(error) ?? this.#thrown(error);
    } catch {
      // Its parts are computed by guest code.
      return this.#failure("runtime", "an error that can't be shown");
    }
  }

  /**
   * Return the failure of code that could not be loaded at all, null if it ran.
   *
   * @param {Error} error
   */
  #refusal(error) {
    const message = this.#named(String(error.message));
    const [text] = message.split("\n", 1);
    const place = PLACE.exec(message);
    const isSyntax = error.name === "SyntaxError" || text.startsWith("SyntaxError: ");
    if (place === null || place[1] !== this.#name) return null;
    if (isSyntax) {
      const plain = text.replace(/^SyntaxError: /, "").replace(/ at main\.[jt]s:\d+:\d+$/, "");
      return this.#failure("syntax", `SyntaxError: ${plain}`, place);
    }
    const specifier = this.#specifierAt(...this.#placeOf(place));
    const reason = text.replace(/ at main\.[jt]s:\d+:\d+$/, "");
    const what = specifier ? `Cannot find module ${specifier}: ${reason}` : reason;
    return this.#failure("runtime", `${error.name}: ${what}`, place);
  }

  /** @param {Error} error */
  #thrown(error) {
    const lines = [];
    /** @type {RegExpExecArray | null} */
    let place = null;
    /** @type {[string, unknown][]} */
    const waiting = [["", error]];
    for (let count = 0; waiting.length > 0; count++) {
      if (count === MAX_ERRORS) {
        lines.push("(further errors are left out)");
        break;
      }
      const [label, current] = /** @type {[string, unknown]} */ (waiting.shift());
      if (!(current instanceof Error)) {
        lines.push(label + this.#inspect(current));
        continue;
      }
      const frames = this.#frames(current);
      if (place === null && frames.length > 0) place = PLACE.exec(frames[0]);
      lines.push(`${label}${current.name}: ${current.message}`, ...frames);
      waiting.unshift(...within(current));
    }
    return this.#failure("runtime", lines.join("\n"), place);
  }

  /**
   * Return those lines of an error's stack that are in the function's own code.
   *
   * @param {Error} error
   */
  #frames(error) {
    const stack = typeof error.stack === "string" && this.#url ? error.stack : "";
    const isOwn = (/** @type {string} */ line) => /^ +at /.test(line) && line.includes(this.#url);
    return stack.split("\n").filter(isOwn).map((line) => this.#named(line));
  }

  /** @param {string} text with the address of the code in it */
  #named(text) {
    const plain = text.replace(COLORS, "");
    return this.#url ? plain.replaceAll(this.#url, this.#name) : plain;
  }

  /**
   * Return the module that is named at a place of the source, in its quotes.
   *
   * @param {number} line
   * @param {number} column
   */
  #specifierAt(line, column) {
    const text = this.#source.split("\n", line)[line - 1] ?? "";
    return /^(["'`])[^"'`]*\1/.exec(text.slice(column - 1))?.[0] ?? "";
  }

  /**
   * @param {string} kind
   * @param {string} message
   * @param {RegExpExecArray | null} place
   * @returns {Failure}
   */
  #failure(kind, message, place = null) {
    const [line, column] = place === null ? [null, null] : this.#placeOf(place);
    return { kind, message: message.slice(0, MAX_MESSAGE_CHARS), line, column };
  }

  /**
   * Return line and column, both from 1.
   *
   * @param {RegExpExecArray} place
   * @returns {[number, number]}
   */
  #placeOf(place) {
    const line = Number(place[2]);
    const column = Number(place[3]);
    return [line, line === 1 ? Math.max(1, column - this.#prefixSize) : column];
  }
}

/**
 * Return the errors that an error holds, each with what it is called.
 *
 * @param {Error} error
 * @returns {[string, unknown][]}
 */
function within(error) {
  /** @type {[string, unknown][]} */
  const found = [];
  if (error.cause !== undefined) found.push(["Caused by: ", error.cause]);
  if (error instanceof SuppressedError) {
    found.push(["error: ", error.error], ["suppressed: ", error.suppressed]);
  }
  if (error instanceof AggregateError) {
    // No more than are shown: there may be very many.
    const errors = error.errors.slice(0, MAX_ERRORS);
    errors.forEach((one, index) => void found.push([`errors[${index}]: `, one]));
  }
  return found;
}
