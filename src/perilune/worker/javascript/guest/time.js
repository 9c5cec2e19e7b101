/** The module `time`: what the platform has of it is `Date`, `Intl` and `Temporal`. */

import { numberArgument } from "./host_calls.js";

const { now } = Date;

/**
 * Return the module.
 *
 * @param {import("./timers.js").Timers} timers
 */
export function makeTime(timers) {
  return {
    now: () => Math.floor(now() / 1000),
    sleep: async (/** @type {any} */ milliseconds) => {
      const delayMs = numberArgument(milliseconds, "milliseconds");
      if (delayMs > 0) await timers.wait(delayMs);
    },
  };
}
