// What an error says to people, in their language.

import { ApiError } from "./api.ts";
import { hasText, t, type TextKey } from "./i18n.ts";

/**
 * How the server words the rules for values, and our text for each; what the groups match
 * fills the place-holders.
 */
const RULES: readonly (readonly [RegExp, TextKey, readonly string[]])[] = [
  [/cannot be (?:empty|nil)$|value is missing$/, "rule.empty", []],
  [/cannot be longer than (\d+) characters$/, "rule.tooLong", ["count"]],
  [/cannot be longer than (\d+) bytes$/, "rule.tooLarge", ["count"]],
  [/must be (?:between|from) (\d+) (?:and|to) (\d+)(?: seconds)?$/, "rule.between", ["least", "most"]],
  [/must have from (\d+) to (\d+) characters$/, "rule.length", ["least", "most"]],
  [/must be (?:one )?of: \[(.*)\]$|is needed of: \[(.*)\]$/, "rule.oneOf", ["values"]],
  [/cannot contain control characters$/, "rule.control", []],
  [/must be a positive number of seconds/, "rule.positive", []],
  [/key is too long: \d+ bytes, at most (\d+) are allowed/, "rule.keyTooLarge", ["count"]],
  [/value is too large: \d+ bytes, at most (\d+) are allowed/, "rule.tooLarge", ["count"]],
  [/would pass its quota of (\d+) bytes/, "rule.quota", ["count"]],
  [/unknown time zone (.*)$/, "rule.zone", ["name"]],
  [/active needs a cron_schedule$/, "rule.needsSchedule", []],
  [/^invalid cron expression: schedule never fires$/, "rule.cronNever", []],
  [/^invalid cron expression: expected exactly 5 fields, found (\d+)/, "rule.cronFields", ["count"]],
  [/^invalid cron expression: (?:beginning|end) of range \((\d+)\).*: (.*)$/, "rule.cronRange", ["number", "item"]],
  [/^invalid cron expression: (.*)$/, "rule.cron", ["problem"]],
  [/can only contain letters, numbers, and underscores$/, "rule.variableName", []],
  [/cannot have more than (\d+) environment variables$/, "rule.variables", ["count"]],
  [/is write-only; only a new value can be made readable$/, "rule.writeOnly", []],
  [/must begin with a letter or digit and can only contain/, "rule.tokenName", []],
  [/cannot contain blanks, invisible characters or any of (.*)$/, "rule.address", ["marks"]],
  [/cannot have the form of an id$/, "rule.addressId", []],
  [/is the address of the function ['"](.*)['"] \(\w+\)$/, "rule.addressTaken", ["name"]],
  [/another token has this name$/, "rule.nameTaken", []],
  [/cannot have more than (\d+) signing secrets$/, "rule.secrets", ["count"]],
  [/must be (\w+_) and base64 of (\d+) to (\d+) bytes$/, "rule.standardSecret", ["prefix", "least", "most"]],
  [/^value is not base64$/, "rule.base64", []],
  [/^packages are switched off on this server/, "rule.packagesOff", []],
  [/^functions in (\w+) cannot require packages$/, "rule.noPackages", ["language"]],
];

/**
 * What *problem* says at the field that it is about.
 *
 * @param problem  what was thrown
 */
export function fieldError(problem: unknown) {
  if (!(problem instanceof ApiError)) return String(problem);
  if (problem.status === 0) return t("state.unreachable");
  for (const [pattern, key, names] of RULES) {
    const found = pattern.exec(problem.detail);
    if (!found) continue;
    const groups = found.slice(1).filter((one) => one !== undefined);
    return t(key, Object.fromEntries(names.map((name, at) => [name, numberOrText(groups[at] ?? "")])));
  }
  const key = `error.${problem.code}`;
  return hasText(key) ? t(key, { message: problem.detail }) : problem.detail;
}

/**
 * What *problem* says where no field of it is shown.
 *
 * @param problem  what was thrown
 */
export function errorText(problem: unknown) {
  const text = fieldError(problem);
  return problem instanceof ApiError && problem.field ? `${problem.field}: ${text}` : text;
}

const numberOrText = (text: string) => (/^\d{1,15}$/.test(text) ? Number(text) : text);
