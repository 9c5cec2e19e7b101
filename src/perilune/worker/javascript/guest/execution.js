/** Executions, one after the other: what is started in one ends with it. */

import { Name, PackError } from "./msgpack.js";
import { FrameTooLong } from "./channel.js";
import { Context, FunctionEvent } from "./records.js";
import { answerOf } from "./responses.js";
import { nextTurn } from "./timers.js";

const RESULT = new Name("result");
const FAILURE = new Name("failure");
const NO_WARNINGS = new Name([]);
const NO_READS = 0;
const { queueMicrotask } = globalThis;
const { resourceUsage } = globalThis.process;
const nowMs = performance.now.bind(performance);
const { round } = Math;
const DEADLOCK = "the handler waits for something that will never happen";

/**
 * @typedef {import("./failures.js").Failure} Failure
 * @typedef {import("./responses.js").Answer} Answer
 * @typedef {{
 *   channel: import("./channel.js").Channel,
 *   calls: import("./host_calls.js").HostCalls,
 *   timers: import("./timers.js").Timers,
 *   failures: import("./failures.js").Failures,
 *   program: import("./program.js").Program,
 *   guest: import("./guest.js").Guest,
 *   bodyLimit: number,
 * }} Parts
 */

export class Execution {
  #parts;
  /** @type {((error: unknown) => void) | null} */
  #abort = null;
  /** What went wrong beside the handler, in a list of none or one. */
  #mishaps = /** @type {unknown[]} */ ([]);

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
    addEventListener("error", (event) => this.#failUnlessHandled(event, event.error));
    addEventListener("unhandledrejection", (event) => {
      this.#failUnlessHandled(event, event.reason);
    });
    addEventListener("beforeunload", (event) => {
      // Nothing is left that could go on.
      if (this.#abort === null) return;
      event.preventDefault();
      this.#fail(new Error(DEADLOCK));
    });
  }

  /** Run invocations until the host closes the connection. */
  async serve() {
    const { channel, calls, timers } = this.#parts;
    let { usedUs } = usage();
    for (let message = channel.next(); message !== null; message = channel.next()) {
      if (message[0] !== "invoke") throw new Error(`expected invoke, got ${message[0]}`);
      const beganMs = nowMs();
      calls.isOpen = true;
      this.#mishaps = [];
      let tag, members;
      try {
        members = resultOf(await this.#outcome(message));
        tag = RESULT;
      } catch (error) {
        members = failureOf(this.#parts.failures.of(error));
        tag = FAILURE;
      }
      calls.isOpen = false;
      timers.clear();
      this.#abort = null;
      const now = usage();
      const heldUs = round((nowMs() - beganMs) * 1000);
      members.push(now.usedUs - usedUs, now.peakKib, NO_READS, heldUs);
      usedUs = now.usedUs;
      this.#finish(writerOf(tag, members));
    }
  }

  /**
   * Run one invocation to its end, with all the host calls that it has made.
   *
   * @param {any[]} message
   * @returns {Promise<Answer>}
   */
  async #outcome(message) {
    const aborted = new Promise((_resolve, reject) => {
      this.#abort = reject;
    });
    // It may have been looked at by nobody when it is too late.
    aborted.catch(() => {});
    try {
      const answer = await Promise.race([this.#answer(message), aborted]);
      await this.#settled();
      if (this.#mishaps.length > 0) throw this.#mishaps[0];
      return answer;
    } catch (error) {
      await this.#settled();
      throw error;
    }
  }

  /** Wait for the replies that are due, and for what they lead to. */
  async #settled() {
    const { channel } = this.#parts;
    do {
      await channel.settled();
      // Promises that were rejected and not looked at are told of now.
      await nextTurn();
    } while (channel.isWaiting);
  }

  /** @param {any[]} message */
  async #answer([, version, code, context, event, timeLeftS, isCheck]) {
    const { program, guest, bodyLimit } = this.#parts;
    if (isCheck) {
      await program.check(code ?? "");
      return { status: 204, headers: {}, body: new Uint8Array(0), isBase64: false };
    }
    const ctx = new Context(context, timeLeftS);
    guest.enter(context);
    const handler = await program.handler(version, code);
    const value = await handler(ctx, new FunctionEvent(event));
    return await answerOf(value, bodyLimit);
  }

  /**
   * Fail when the guest's own listeners, which are called after this one, don't handle the event.
   *
   * @param {Event} event
   * @param {unknown} error
   */
  #failUnlessHandled(event, error) {
    // Deno would end the process.
    event.preventDefault();
    let isHandled = false;
    Object.defineProperty(event, "preventDefault", { value: () => void (isHandled = true) });
    queueMicrotask(() => {
      if (!isHandled) this.#fail(error);
    });
  }

  /** @param {unknown} error */
  #fail(error) {
    this.#mishaps.push(error);
    this.#abort?.(error);
  }

  /** @param {(packer: import("./msgpack.js").Packer) => void} write */
  #finish(write) {
    const { channel } = this.#parts;
    try {
      channel.send(write);
    } catch (error) {
      if (!(error instanceof FrameTooLong || error instanceof PackError)) throw error;
      const message = `the response is too large: ${error.message}`;
      channel.send(
        writerOf(FAILURE, failureOf({ kind: "runtime", message, line: null, column: null })),
      );
    }
  }
}

/**
 * @param {Name} tag
 * @param {any[]} members
 */
function writerOf(tag, members) {
  return (/** @type {import("./msgpack.js").Packer} */ packer) => {
    packer.array(members.length + 1);
    packer.value(tag);
    for (const member of members) packer.value(member);
  };
}

/** Return the processor time of this process, in microseconds, and its peak memory, in KiB. */
function usage() {
  const { userCPUTime, systemCPUTime, maxRSS } = resourceUsage();
  return { usedUs: userCPUTime + systemCPUTime, peakKib: maxRSS };
}

/**
 * @param {Answer} answer
 * @returns {any[]}
 */
function resultOf({ status, headers, body, isBase64 }) {
  return [status, new Name(headers), body, isBase64, NO_WARNINGS];
}

/**
 * @param {Failure} failure
 * @returns {any[]}
 */
function failureOf({ kind, message, line, column }) {
  return [new Name(kind), new Name(message), line, column, false];
}
