// What a cron expression means, in words.  The server decides whether it is one.

import { t } from "./i18n.ts";
import { locale } from "./preferences.ts";

type FieldRule = { low: number; high: number; names: string[] };
/** *list* is the values that it allows, in order. */
type Field = { list: number[]; isAny: boolean; rule: FieldRule };

const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const DAYS = "sun mon tue wed thu fri sat".split(" ");

const RULES: readonly FieldRule[] = [
  { low: 0, high: 59, names: [] },
  { low: 0, high: 23, names: [] },
  { low: 1, high: 31, names: [] },
  { low: 1, high: 12, names: ["", ...MONTHS] },
  { low: 0, high: 6, names: DAYS },
];

const DESCRIPTORS: Record<string, string> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

const MOST_TIMES = 6; // named one by one

/** @returns empty if it can't be read */
export function cronWords(expression: string): string {
  const words = expression.trim().split(/\s+/);
  if (/^(?:CRON_)?TZ=/.test(words[0] ?? "")) words.shift();
  const parts = DESCRIPTORS[words.join(" ")]?.split(" ") ?? words;
  if (parts.length !== RULES.length) return "";
  const fields = RULES.map((rule, at) => read(parts[at] ?? "", rule));
  const [minutes, hours, days, months, weekdays] = fields;
  if (!minutes || !hours || !days || !months || !weekdays) return "";
  const date = dayWords(days, weekdays);
  const isFixed = !isEvery(hours) && stepOf(hours) === 0;
  const phrases = [
    ...timeWords(minutes, hours),
    date || (isFixed && isEvery(months) ? t("cron.everyDay") : ""),
    isEvery(months) ? "" : t("cron.months", { list: span(months, monthName) }),
  ].filter(Boolean);
  const text = phrases.join(", ");
  return text.charAt(0).toLocaleUpperCase(locale.get()) + text.slice(1);
}

function timeWords(minutes: Field, hours: Field): string[] {
  const [minute = 0] = minutes.list;
  const isOnce = minutes.list.length === 1;
  if (!isEvery(hours) && minutes.list.length * hours.list.length <= MOST_TIMES) {
    const times = hours.list.flatMap((hour) => minutes.list.map((one) => clock(hour, one)));
    return [t("cron.at", { list: listed(times) })];
  }
  const step = stepOf(minutes);
  const often = isEvery(minutes)
    ? t("cron.everyMinute")
    : step > 1
      ? t("cron.everyMinutes", { count: step })
      : isOnce
        ? ""
        : t("cron.minutes", { list: span(minutes, String), count: minutes.list.length });
  const atMinute = isOnce && minute > 0 ? t("cron.minutes", { list: String(minute), count: 1 }) : "";
  const hourStep = stepOf(hours);
  if (isEvery(hours)) return often ? [often] : [t("cron.everyHour"), atMinute];
  if (hourStep > 1) return often ? [often, t("cron.inEveryHours", { count: hourStep })] : [t("cron.everyHours", { count: hourStep }), atMinute];
  const first = hours.list[0] ?? 0;
  const last = hours.list.at(-1) ?? 0;
  if (last - first === hours.list.length - 1) {
    const until = clock(last, isOnce ? minute : (minutes.list.at(-1) ?? 59));
    return [often || t("cron.everyHour"), t("cron.between", { first: clock(first, minute), last: until })];
  }
  const named = listed(hours.list.map((one) => clock(one, 0)));
  return [often || t("cron.minutes", { list: String(minute), count: 1 }), t("cron.hours", { list: named })];
}

function dayWords(days: Field, weekdays: Field) {
  // As cron has it: when both are given, either suffices.
  if (!days.isAny && !weekdays.isAny && (isEvery(days) || isEvery(weekdays))) return "";
  const named = span(weekdays, dayName);
  const week = isEvery(weekdays) ? "" : isSpan(weekdays) ? named : t("cron.weekdays", { list: named });
  if (isEvery(days)) return week;
  const step = stepOf(days);
  const month = step > 1 ? t("cron.everyDays", { count: step }) : t("cron.days", { list: span(days, String), count: days.list.length });
  return week ? t("cron.either", { days: month, weekdays: week }) : month;
}

function read(text: string, rule: FieldRule): Field | null {
  const found = new Set<number>();
  let isAny = false;
  const number = (word: string) => {
    const named = rule.names.indexOf(word.toLowerCase());
    return word && named >= 0 ? named : /^\d+$/.test(word) ? Number(word) : NaN;
  };
  for (const item of text.split(",")) {
    const [bounds = "", step = "1"] = item.split("/");
    const [from = "", to] = bounds.split("-");
    const isWild = bounds === "*" || bounds === "?";
    const first = isWild ? rule.low : number(from);
    let last = isWild ? rule.high : to !== undefined ? number(to) : item.includes("/") ? rule.high : first;
    const by = number(step);
    if (!(first >= rule.low && last <= rule.high + (rule === RULES[4] ? 1 : 0) && by > 0)) return null;
    const count = rule.high - rule.low + 1;
    // Names may pass the end: fri-mon.
    if (first > last && to && rule.names.includes(to.toLowerCase())) last += count;
    if (first > last) return null;
    isAny ||= isWild && by === 1;
    for (let one = first; one <= last; one += by) found.add(rule.low + ((one - rule.low) % count));
  }
  return { list: [...found].sort((one, other) => one - other), isAny, rule };
}

const isEvery = ({ list, rule }: Field) => list.length === rule.high - rule.low + 1;

/** The distance of values that go evenly through the whole field; 0 if they don't. */
function stepOf({ list, rule }: Field) {
  const step = (list[1] ?? 0) - (list[0] ?? 0);
  const isEven = list.length > 2 && list[0] === rule.low && list.every((one, at) => one === rule.low + at * step);
  return isEven && (list.at(-1) ?? 0) + step > rule.high ? step : 0;
}

/** Whether no value between the first and the last is left out. */
const isSpan = ({ list }: Field) => list.length > 2 && (list.at(-1) ?? 0) - (list[0] ?? 0) === list.length - 1;

/** Values as a list, or from the first to the last where none is left out. */
function span(field: Field, name: (value: number) => string) {
  const { list } = field;
  const first = list[0] ?? 0;
  const last = list.at(-1) ?? 0;
  if (isSpan(field)) return t("cron.span", { first: name(first), last: name(last) });
  return listed(list.map(name));
}

const listed = (words: string[]) => new Intl.ListFormat(locale.get(), { type: "conjunction" }).format(words);

const inWords = (options: Intl.DateTimeFormatOptions) => (time: number) =>
  new Date(time).toLocaleString(locale.get(), { ...options, timeZone: "UTC" });

const clock = (hour: number, minute: number) => inWords({ timeStyle: "short" })(Date.UTC(2024, 0, 7, hour, minute));
/** @param month  from 1 */
const monthName = (month: number) => inWords({ month: "long" })(Date.UTC(2024, month - 1, 1));
/** @param day  Sunday is 0 */
const dayName = (day: number) => inWords({ weekday: "long" })(Date.UTC(2024, 0, 7 + day));
