/** The module `time`. */

import { PeriluneError } from "./errors.js";
import { dataArgument, numberArgument } from "./host_calls.js";
import { parseTime } from "./layout_parser.js";
import { formatTime, TimeProblem } from "./layouts.js";
import { asText } from "./strings.js";
import { fromLatin1, latin1Of, textOf } from "./text.js";
import { findZone, server, utc, wholeSeconds } from "./zones.js";

const RFC3339 = "2006-01-02T15:04:05Z07:00";
const { now } = Date;

/**
 * Return the module.
 *
 * @param {import("./timers.js").Timers} timers
 */
export function makeTime(timers) {
  return {
    now: () => Math.floor(now() / 1000),
    nowMs: () => now(),
    sleep: async (/** @type {any} */ milliseconds) => {
      const delayMs = numberArgument(milliseconds, "milliseconds");
      if (delayMs > 0) await timers.wait(delayMs);
    },
    format: guarded(
      (/** @type {any} */ seconds, /** @type {any} */ layout, /** @type {any} */ zone) => {
        const where = isMissing(zone) ? server() : findZone(asText(zone, "zone"));
        return written(numberArgument(seconds, "seconds"), raw(layout, "layout"), where);
      },
    ),
    parse: guarded(
      (/** @type {any} */ text, /** @type {any} */ layout, /** @type {any} */ zone) => {
        const where = isMissing(zone) ? utc() : findZone(asText(zone, "zone"));
        const names = isMissing(zone) ? server() : where;
        return parseTime(raw(text, "text"), raw(layout, "layout"), where, names);
      },
    ),
    iso: (/** @type {any} */ seconds) =>
      written(
        isMissing(seconds) ? now() / 1000 : numberArgument(seconds, "seconds"),
        RFC3339,
        utc(),
      ),
  };
}

/**
 * @param {number} seconds
 * @param {string} layout
 * @param {import("./zones.js").Zone} zone
 */
function written(seconds, layout, zone) {
  const unixS = wholeSeconds(seconds);
  return textOf(fromLatin1(formatTime(unixS, layout, zone.ruleAt(unixS))));
}

/** @param {any} value */
function isMissing(value) {
  return value === undefined || value === null;
}

/**
 * @param {any} value
 * @param {string} label
 */
function raw(value, label) {
  return latin1Of(dataArgument(value, label));
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
      throw error instanceof TimeProblem ? new PeriluneError(error.message, "time") : error;
    }
  });
}
