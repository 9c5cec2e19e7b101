// What is wrong with a value that was typed, as far as it can be known without the server.

import { t } from "../i18n.js";

/**
 * A field in which numbers are typed; *unit* is how many of what the server takes are one.
 *
 * @typedef {{ least?: number, most?: number, unit?: number }} NumberRule
 */

/**
 * @param {string} text
 * @param {{ most: number, isNeeded?: boolean }} rule
 */
export function textProblem(text, { most, isNeeded = false }) {
  if (isNeeded && text.trim() === "") return t("rule.empty");
  return [...text].length > most ? t("rule.tooLong", { count: most }) : "";
}

/**
 * @param {string} text  empty for "not set"
 * @param {NumberRule} rule
 */
export function numberProblem(text, { least = 1, most = Infinity }) {
  const typed = text.trim();
  if (typed === "") return "";
  if (!/^\d+$/.test(typed)) return t("rule.whole");
  const value = Number(typed);
  if (value >= least && value <= most) return "";
  return most === Infinity ? t("rule.atLeast", { least }) : t("rule.between", { least, most });
}

/**
 * The text of a number field as the API wants it.
 *
 * @param {string} text  that has no problem
 * @param {number} [unit]
 */
export const numberOrNull = (text, unit = 1) => (text.trim() === "" ? null : Number(text) * unit);

/**
 * A number of the API as a field shows it.
 *
 * @param {number | null | undefined} value
 * @param {number} [unit]
 */
export const numberText = (value, unit = 1) => (value === null || value === undefined ? "" : String(Math.round((value / unit) * 100) / 100));

/**
 * Without those that are none.
 *
 * @param {Record<string, string>} problems
 */
export const existing = (problems) => Object.fromEntries(Object.entries(problems).filter(([, text]) => text));
