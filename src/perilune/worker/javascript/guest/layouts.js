/**
 * Go's reference layouts: what they consist of, and writing times by them.
 *
 * A layout is a sample of the reference time, Mon Jan 2 15:04:05 MST 2006: what looks like a
 * part of it is a token, everything else is literal.
 */

import { splitTime } from "./calendar.js";

export const MAX_BYTES = 16 * 1024;
export const TOKEN =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|PM|pm|2006|0[1-6]|002|15|[1-5]|_2(?!006)|__2|[-Z]07(?::00(?::00)?|00(?:00)?)?|[.,](?:0+|9+)(?![0-9])/g;
export const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
export const WEEKDAYS = [
  "Sunday",
  "Monday",
  "Tuesday",
  "Wednesday",
  "Thursday",
  "Friday",
  "Saturday",
];

/**
 * @typedef {import("./calendar.js").Fields} Fields
 * @typedef {import("./zones.js").Rule} Rule
 */

/** A layout, a text or a zone that can't be worked with; the message says why. */
export class TimeProblem extends Error {}

/**
 * Write a moment by a layout; fractions of a second are zero.
 *
 * @param {number} unixS
 * @param {string} layout
 * @param {Rule} rule what the clocks show then
 */
export function formatTime(unixS, layout, rule) {
  checkSize(layout, "layout");
  const fields = splitTime(unixS + rule.offsetS);
  return layout.replace(TOKEN, (token) => {
    const write = WRITERS[token];
    if (write !== undefined) return write(fields, rule);
    if (token[0] === "." || token[0] === ",") return token[1] === "0" ? token : "";
    return offsetText(token, rule.offsetS);
  });
}

/**
 * @param {string} text
 * @param {string} what
 */
export function checkSize(text, what) {
  if (text.length > MAX_BYTES) {
    const size = `${what} of ${text.length} bytes`;
    throw new TimeProblem(`${size} exceeds the limit of ${MAX_BYTES} bytes`);
  }
}

/**
 * @param {string} token
 * @param {number} offsetS
 */
function offsetText(token, offsetS) {
  if (token[0] === "Z" && offsetS === 0) return "Z";
  const total = Math.abs(offsetS);
  const numbers = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  const shown = numbers.slice(0, Math.floor(token.replaceAll(":", "").length / 2)).map(two);
  return (offsetS < 0 ? "-" : "+") + shown.join(token.includes(":") ? ":" : "");
}

/** @param {number} number */
function two(number) {
  return String(number).padStart(2, "0");
}

/** @type {Record<string, (fields: Fields, rule: Rule) => string>} */
const WRITERS = {
  "2006": ({ year }) => (year < 0 ? "-" : "") + String(Math.abs(year)).padStart(4, "0"),
  "06": ({ year }) => two(Math.max(year, 0) % 100),
  January: ({ month }) => MONTHS[month - 1],
  Jan: ({ month }) => MONTHS[month - 1].slice(0, 3),
  "01": ({ month }) => two(month),
  "1": ({ month }) => String(month),
  Monday: ({ weekday }) => WEEKDAYS[weekday],
  Mon: ({ weekday }) => WEEKDAYS[weekday].slice(0, 3),
  "02": ({ day }) => two(day),
  _2: ({ day }) => String(day).padStart(2),
  "2": ({ day }) => String(day),
  "002": ({ dayOfYear }) => String(dayOfYear).padStart(3, "0"),
  __2: ({ dayOfYear }) => String(dayOfYear).padStart(3),
  "15": ({ hour }) => two(hour),
  "03": ({ hour }) => two(hour % 12 || 12),
  "3": ({ hour }) => String(hour % 12 || 12),
  PM: ({ hour }) => (hour >= 12 ? "PM" : "AM"),
  pm: ({ hour }) => (hour >= 12 ? "pm" : "am"),
  "04": ({ minute }) => two(minute),
  "4": ({ minute }) => String(minute),
  "05": ({ second }) => two(second),
  "5": ({ second }) => String(second),
  MST: (_fields, rule) => rule.name || offsetText("-0700", rule.offsetS),
};
