// Numbers, durations and times in the person's language.

import { t } from "./i18n.ts";
import { locale } from "./preferences.ts";

/** Formatters by language and name: making one takes longer than hundreds of uses. */
const formats = new Map<string, any>();

function format<T>(name: string, make: (language: string) => T): T {
  const key = `${locale.get()} ${name}`;
  if (!formats.has(key)) formats.set(key, make(locale.get()));
  return formats.get(key);
}

/** @param seconds  Unix time; what is none is shown as such */
function moment(name: string, seconds: number, options: Intl.DateTimeFormatOptions) {
  if (!Number.isFinite(seconds)) return "–"; // a record of another program
  return format(name, (language) => new Intl.DateTimeFormat(language, options)).format(seconds * 1000);
}

export function number(value: number) {
  return value.toLocaleString(locale.get());
}

/** A share between 0 and 1 as percentage. */
export function percent(share: number) {
  const digits = share > 0 && share < 0.1 ? 1 : 0;
  return share.toLocaleString(locale.get(), { style: "percent", maximumFractionDigits: digits });
}

/** A duration in milliseconds, in the unit that suits it. */
export function duration(ms: number | null | undefined) {
  if (ms === null || ms === undefined) return "–";
  if (ms < 1000) return `${number(Math.round(ms * 10) / 10)} ms`;
  if (ms < 60_000) return `${number(Math.round(ms / 10) / 100)} s`;
  const seconds = Math.round(ms / 1000);
  return `${number(Math.floor(seconds / 60))} min ${seconds % 60} s`;
}

/** @param size  bytes */
export function bytes(size: number) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = size;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${number(Math.round(value * 10) / 10)} ${units[unit]}`;
}

/**
 * Date and time with the zone, for tooltips and details.
 *
 * @param seconds  Unix time
 */
export function absoluteTime(seconds: number) {
  return moment("absolute", seconds, { dateStyle: "medium", timeStyle: "long" });
}

/**
 * Date and time to the second, for tables.
 *
 * @param seconds  Unix time
 */
export function time(seconds: number) {
  return moment("time", seconds, { dateStyle: "short", timeStyle: "medium" });
}

/**
 * A moment on the axis of a chart: the day where one begins, otherwise the time of day.
 *
 * @param seconds  Unix time
 * @param step  seconds from one to the next
 */
export function axisTime(seconds: number, step: number) {
  const at = new Date(seconds * 1000);
  const isDay = step >= 86_400 || (at.getHours() === 0 && at.getMinutes() === 0);
  return isDay
    ? moment("axis day", seconds, { day: "numeric", month: "short" })
    : moment("axis time", seconds, { hour: "numeric", minute: "2-digit" });
}

/**
 * The day alone.
 *
 * @param seconds  Unix time
 */
export function date(seconds: number) {
  return moment("date", seconds, { dateStyle: "medium" });
}

/**
 * An amount of money, however small, to three digits.
 *
 * @param currency  a code such as USD
 */
export function money(amount: number, currency: string) {
  return amount.toLocaleString(locale.get(), { style: "currency", currency, maximumSignificantDigits: 3 });
}

/**
 * The time of day to the second, for lines of a log.
 *
 * @param seconds  Unix time
 */
export function clockTime(seconds: number) {
  return moment("clock", seconds, { timeStyle: "medium" });
}

/**
 * How long ago, or how far ahead.
 *
 * @param seconds  Unix time
 * @param now  Unix time
 */
export function relativeTime(seconds: number, now: number = Date.now() / 1000) {
  if (!Number.isFinite(seconds)) return "–"; // a record of another program
  const words = format(
    "relative",
    (language) => new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "long" }),
  );
  const difference = seconds - now;
  const size = Math.abs(difference);
  if (size < 45) return difference <= 0 ? t("time.justNow") : t("time.soon");
  const units: [Intl.RelativeTimeFormatUnit, number][] = [
    ["minute", 60],
    ["hour", 3600],
    ["day", 86_400],
    ["month", 2_629_800],
    ["year", 31_557_600],
  ];
  let [unit, length] = units[0] as [Intl.RelativeTimeFormatUnit, number];
  for (const [name, seconds_] of units) if (size >= seconds_ * 0.95) [unit, length] = [name, seconds_];
  return words.format(Math.round(difference / length), unit);
}
