/** The functions of the guest API that the host carries out. */

import { PeriluneError } from "./errors.js";
import { FrameTooLong } from "./channel.js";
import { Name, PackError } from "./msgpack.js";
import { bytesOf, textOf } from "./text.js";

const CALL = new Name("call");
/** What the host answers from memory, or a read of its database. */
const PROMPT = new Set(["kv.get", "env.get"]);
const { isArray } = Array;

/**
 * @typedef {{ module: string, name: string, args: [string, boolean][], hasReply: boolean,
 *   argNames: string[] }} HostFunction
 */

/** Calls the host on behalf of the execution that is in progress. */
export class HostCalls {
  #channel;
  /** Whether an execution is in progress; nothing can be asked for outside of one. */
  isOpen = false;

  /** @param {import("./channel.js").Channel} channel */
  constructor(channel) {
    this.#channel = channel;
  }

  /**
   * Send a call whose outcome nobody waits for.
   *
   * @param {Name} name
   * @param {any[]} values
   */
  tell(name, values) {
    if (this.isOpen) this.#send(name, values);
  }

  /**
   * Return the JavaScript function of a host function.
   *
   * @param {HostFunction} described
   * @param {boolean} raw whether bytes in the reply stay bytes
   * @returns {(...values: any[]) => Promise<any>}
   */
  bind(described, raw = false) {
    const { module } = described;
    const fullName = `${module}.${described.name}`;
    const name = new Name(fullName);
    const isPrompt = PROMPT.has(fullName);
    // Async, so that whoever waits is in the stack of the error.
    return async (...values) => {
      const args = argumentsOf(described, values);
      if (!this.isOpen) {
        throw new PeriluneError(`${fullName} was called outside of an execution`, module);
      }
      try {
        this.#send(name, args);
      } catch (error) {
        if (error instanceof FrameTooLong) {
          throw new PeriluneError(`arguments too large: ${error.message}`, module);
        }
        if (error instanceof PackError) throw new TypeError(`${fullName}: ${error.message}`);
        throw error;
      }
      if (!described.hasReply) return undefined;
      const [, problem, value] = await this.#channel.reply(raw, isPrompt);
      if (problem !== null) throw new PeriluneError(problem, module);
      return value ?? null;
    };
  }

  /**
   * @param {Name} name
   * @param {any[]} values
   */
  #send(name, values) {
    this.#channel.send((packer) => {
      packer.array(3);
      packer.value(CALL);
      packer.value(name);
      packer.value(values);
    });
  }
}

/**
 * Return a host function as the set-up of the worker has it.
 *
 * @param {any[]} members
 * @returns {HostFunction}
 */
export function describedBy([module, name, args, hasReply = true, , argNames = []]) {
  return { module, name, args, hasReply, argNames };
}

/**
 * Return what a text argument is: numbers are texts too, bytes stay bytes.
 *
 * @param {any} value
 * @param {string} label what to call it in an error
 * @returns {string | Uint8Array}
 */
export function textArgument(value, label) {
  if (typeof value === "string" || value instanceof Uint8Array) return value;
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  throw new TypeError(`${label} must be a string, not ${kindOf(value)}`);
}

/**
 * Return a text argument as text.
 *
 * @param {any} value
 * @param {string} label
 */
export function asText(value, label) {
  const text = textArgument(value, label);
  return typeof text === "string" ? text : textOf(text);
}

/**
 * Return the bytes of a text argument.
 *
 * @param {any} value
 * @param {string} label
 */
export function dataArgument(value, label) {
  const text = textArgument(value, label);
  return typeof text === "string" ? bytesOf(text) : text;
}

/**
 * Return a number argument.
 *
 * @param {any} value
 * @param {string} label
 * @returns {number}
 */
export function numberArgument(value, label) {
  if (typeof value === "number" && !Number.isNaN(value)) return value;
  throw new TypeError(`${label} must be a number, not ${kindOf(value)}`);
}

/** @param {any} value */
export function kindOf(value) {
  if (value === null) return "null";
  if (Number.isNaN(value)) return "NaN";
  return isArray(value) ? "array" : typeof value;
}

/**
 * @param {HostFunction} described
 * @param {any[]} values
 */
function argumentsOf(described, values) {
  const { args, argNames } = described;
  const label = `${described.module}.${described.name}`;
  if (values.length > args.length) {
    throw new TypeError(`${label} takes at most ${args.length} arguments, not ${values.length}`);
  }
  let last = values.length;
  while (last > 0 && (values[last - 1] ?? null) === null) last--;
  const given = [];
  for (let index = 0; index < args.length; index++) {
    const [type, isOptional] = args[index];
    const value = values[index] ?? null;
    if (value === null) {
      if (!isOptional) throw new TypeError(`${label}: ${argNames[index]} is missing`);
      if (index < last) given.push(null);
      continue;
    }
    given.push(checked(type, value, `${label}: ${argNames[index]}`));
  }
  return given;
}

/**
 * @param {string} type
 * @param {any} value
 * @param {string} label
 */
function checked(type, value, label) {
  switch (type) {
    case "string":
      return textArgument(value, label);
    case "int":
    case "number":
      return numberArgument(value, label);
    case "table":
      if (typeof value !== "object") {
        throw new TypeError(`${label} must be an object, not ${kindOf(value)}`);
      }
      return value;
    default:
      return value;
  }
}
