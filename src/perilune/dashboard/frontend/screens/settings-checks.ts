// What is wrong with a value that was typed, as far as it can be known without the server.

import { t } from "../i18n.ts";

/** A field in which numbers are typed; *unit* is how many of what the server takes are one. */
export type NumberRule = { least?: number; most?: number; unit?: number };

export function textProblem(text: string, { most, isNeeded = false }: { most: number; isNeeded?: boolean }) {
  if (isNeeded && text.trim() === "") return t("rule.empty");
  return [...text].length > most ? t("rule.tooLong", { count: most }) : "";
}

/** @param text  empty for "not set" */
export function numberProblem(text: string, { least = 1, most = Infinity }: NumberRule) {
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
 * @param text  that has no problem
 */
export const numberOrNull = (text: string, unit = 1) => (text.trim() === "" ? null : Number(text) * unit);

/** A number of the API as a field shows it. */
export const numberText = (value: number | null | undefined, unit = 1) =>
  value === null || value === undefined ? "" : String(Math.round((value / unit) * 100) / 100);

/** Without those that are none. */
export const existing = (problems: Record<string, string>) => Object.fromEntries(Object.entries(problems).filter(([, text]) => text));
