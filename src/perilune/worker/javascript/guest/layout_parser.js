/**
 * Reading times by Go's reference layouts.
 *
 * What is accepted and the texts of errors follow Go's package time.  Texts hold one character
 * for each byte.
 */

import { DAY_S, daysSince1970, splitTime } from "./calendar.js";
import { checkSize, MONTHS, TimeProblem, TOKEN, WEEKDAYS } from "./layouts.js";

const SHORT = (/** @type {string[]} */ names) => names.map((name) => name.slice(0, 3));
const WORD = (/** @type {string[]} */ names) => new RegExp(names.join("|"), "iy");

/** @type {Record<string, [field: string, pattern: RegExp, low: number, high: number]>} */
const NUMBERS = {
  "2006": ["year", /\d{4}/y, 0, 9999],
  "01": ["month", /\d\d/y, 1, 12],
  "1": ["month", /\d\d?/y, 1, 12],
  "02": ["day", /\d\d/y, 0, 9999],
  _2: ["day", / ?\d\d?/y, 0, 9999],
  "2": ["day", /\d\d?/y, 0, 9999],
  "002": ["day_of_year", /\d{3}/y, 0, 9999],
  __2: ["day_of_year", / {0,2}\d{1,3}/y, 0, 9999],
  "15": ["hour", /\d\d?/y, 0, 23],
  "03": ["hour", /\d\d/y, 0, 12],
  "3": ["hour", /\d\d?/y, 0, 12],
  "04": ["minute", /\d\d/y, 0, 59],
  "4": ["minute", /\d\d?/y, 0, 59],
  "05": ["second", /\d\d/y, 0, 59],
  "5": ["second", /\d\d?/y, 0, 59],
};
/** @type {Record<string, RegExp>} */
const WORDS = {
  January: WORD(MONTHS),
  Jan: WORD(SHORT(MONTHS)),
  Monday: WORD(WEEKDAYS),
  Mon: WORD(SHORT(WEEKDAYS)),
  "06": /\d\d/y,
  PM: /[AP]M/y,
  pm: /[ap]m/y,
  MST:
    /UTC|ChST|MeST|(?:GMT)?[+-]0*(?:2[0-3]|1[0-9]|[0-9])(?![0-9])|GMT(?![+-])|[A-Z]{3}(?![A-Z])|(?:[A-Z]{3,4}T|WITA)(?![A-Z])/y,
};
const MONTH_NUMBERS = new Map(MONTHS.map((name, at) => [name.slice(0, 3).toLowerCase(), at + 1]));
const FRACTION = /[.,]([0-9]+)/y;
const BLANKS = / */y;
/** @type {[string, number, number][]} */
const OFFSET_PARTS = [["hour", 24, 3600], ["minute", 60, 60], ["second", 60, 1]];

/**
 * Read a moment by a layout, down to the whole second.
 *
 * @param {string} text all of it must fit the layout
 * @param {string} layout missing parts mean year 0, January, the first, midnight
 * @param {import("./zones.js").Zone} zone where the text is from, unless it says so itself
 * @param {import("./zones.js").Zone} names whose abbreviations are known; others count as UTC
 */
export function parseTime(text, layout, zone, names) {
  checkSize(layout, "layout");
  checkSize(text, "text");
  const parser = new Parser(text, layout);
  const fields = parser.read();
  const wallS = parser.firstSecond() + secondOfDay(fields);
  if (fields.isUtc) return wallS;
  if (fields.offsetS !== null) return wallS - fields.offsetS;
  if (fields.zoneName) {
    return wallS - (names.offsetNear(wallS, (rule) => rule.name === fields.zoneName) ?? 0);
  }
  return zone.unixS(wallS);
}

/**
 * @typedef {{ year: number, month: number | null, day: number | null, day_of_year: number | null,
 *   hour: number, minute: number, second: number, isAfternoon: boolean | null, isUtc: boolean,
 *   offsetS: number | null, zoneName: string }} Read
 */

/** @param {Read} fields */
function secondOfDay({ hour, minute, second, isAfternoon }) {
  let hours = hour;
  if (isAfternoon && hour < 12) hours += 12;
  else if (isAfternoon === false && hour === 12) hours = 0;
  return (hours * 60 + minute) * 60 + second;
}

/** Reads one text by one layout. */
class Parser {
  #text;
  #layout;
  #at = 0;
  /** @type {Read & Record<string, any>} */
  #fields = {
    year: 0,
    month: null,
    day: null,
    day_of_year: null,
    hour: 0,
    minute: 0,
    second: 0,
    isAfternoon: null,
    isUtc: false,
    offsetS: null,
    zoneName: "",
  };

  /**
   * @param {string} text
   * @param {string} layout
   */
  constructor(text, layout) {
    this.#text = text;
    this.#layout = layout;
  }

  /** Return what the text says, each part within its bounds. */
  read() {
    let literalFrom = 0;
    const tokens = [...this.#layout.matchAll(TOKEN)];
    for (const [index, found] of tokens.entries()) {
      const [token] = found;
      this.#skip(this.#layout.slice(literalFrom, found.index));
      literalFrom = found.index + token.length;
      this.#readToken(token);
      const next = tokens[index + 1]?.[0][0] ?? "";
      if ((token === "05" || token === "5") && next !== "." && next !== ",") this.#match(FRACTION);
    }
    this.#skip(this.#layout.slice(literalFrom));
    const rest = this.#text.slice(this.#at);
    if (rest) throw this.#rejected(`: extra text: ${quoted(rest)}`);
    return this.#fields;
  }

  /** Return when the day starts, in seconds since 1970. */
  firstSecond() {
    const { year, month, day, day_of_year: dayOfYear } = this.#fields;
    if (dayOfYear !== null) return this.#firstSecondOf(dayOfYear);
    // Absent is null; zero is a number that the text has.
    const days = daysSince1970(year, month ?? 1, day ?? 1);
    if (days === null) throw this.#rejected(": day out of range");
    return days * DAY_S;
  }

  /** @param {number} dayOfYear */
  #firstSecondOf(dayOfYear) {
    const { year, month, day } = this.#fields;
    const startS = ((daysSince1970(year, 1, 1) ?? 0) + dayOfYear - 1) * DAY_S;
    const when = splitTime(startS);
    if (when.year !== year) throw this.#rejected(": day-of-year out of range");
    if (month !== null && month !== when.month) {
      throw this.#rejected(": day-of-year does not match month");
    }
    if (day !== null && day !== when.day) throw this.#rejected(": day-of-year does not match day");
    return startS;
  }

  /** @param {string} literal whose blanks stand for any number of blanks */
  #skip(literal) {
    for (let index = 0; index < literal.length; index++) {
      const here = this.#text[this.#at] ?? "";
      if (literal[index] !== " ") {
        if (here !== literal[index]) throw this.#mismatch(literal);
        this.#at++;
      } else if (literal[index - 1] !== " ") {
        if (here !== "" && here !== " ") throw this.#mismatch(literal);
        this.#match(BLANKS);
      }
    }
  }

  /** @param {RegExp} pattern passed if it matches here */
  #match(pattern) {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found !== null) this.#at += found[0].length;
    return found;
  }

  /** @param {string} token */
  #readToken(token) {
    if (token in NUMBERS) this.#readNumber(token);
    else if (token in WORDS) this.#readWord(token);
    else if (token[0] === "." || token[0] === ",") this.#readFraction(token);
    else this.#readOffset(token);
  }

  /** @param {string} token */
  #readNumber(token) {
    const [field, pattern, low, high] = NUMBERS[token];
    const found = this.#match(pattern);
    if (found === null) throw this.#mismatch(token);
    const value = Number(found[0]);
    if (value < low || value > high) {
      throw this.#rejected(`: ${field} out of range`);
    }
    this.#fields[field] = value;
  }

  /** @param {string} kind */
  #readWord(kind) {
    const found = this.#match(WORDS[kind]);
    if (found === null) throw this.#mismatch(kind);
    const [word] = found;
    const fields = this.#fields;
    if (kind === "January" || kind === "Jan") {
      fields.month = MONTH_NUMBERS.get(word.slice(0, 3).toLowerCase()) ?? null;
    } else if (kind === "06") {
      fields.year = Number(word) + (Number(word) >= 69 ? 1900 : 2000);
    } else if (kind === "PM" || kind === "pm") {
      fields.isAfternoon = word === "PM" || word === "pm";
    } else if (word === "UTC") {
      fields.isUtc = true;
    } else if (kind === "MST") {
      fields.zoneName = word;
    }
  }

  /** @param {string} token */
  #readOffset(token) {
    const fields = this.#fields;
    if (token[0] === "Z" && this.#text[this.#at] === "Z") {
      this.#at++;
      fields.isUtc = true;
      return;
    }
    const pattern = new RegExp(`([+-])${token.slice(1).replace(/0[07]/g, "(\\d\\d)")}`, "y");
    const found = this.#match(pattern);
    if (found === null) throw this.#mismatch(token);
    let totalS = 0;
    for (const [index, number] of found.slice(2).entries()) {
      const [unit, high, unitS] = OFFSET_PARTS[index];
      if (Number(number) > high) {
        throw this.#rejected(`: time zone offset ${unit} out of range`);
      }
      totalS += Number(number) * unitS;
    }
    fields.offsetS = found[1] === "-" ? -totalS : totalS;
  }

  /** @param {string} token as many digits as it has zeros, or any number for nines */
  #readFraction(token) {
    const start = this.#at;
    const found = this.#match(FRACTION);
    if (token[1] === "9") return;
    if (found === null || found[1].length < token.length - 1) {
      this.#at = start;
      throw this.#mismatch(token);
    }
    this.#at = start + token.length;
  }

  /** @param {string} element */
  #mismatch(element) {
    const here = quoted(this.#text.slice(this.#at));
    return this.#rejected(
      ` as ${quoted(this.#layout)}: cannot parse ${here} as ${quoted(element)}`,
    );
  }

  /** @param {string} reason */
  #rejected(reason) {
    return new TimeProblem(`parsing time ${quoted(this.#text)}${reason}`);
  }
}

/**
 * Return a text as Go's package time quotes it, with `\xhh` for all but plain ASCII.
 *
 * @param {string} text
 */
function quoted(text) {
  const escaped = text.replace(/["\\]/g, "\\$&");
  const hex = (/** @type {string} */ one) => one.charCodeAt(0).toString(16).padStart(2, "0");
  return `"${escaped.replace(/[^ -\x7f]/g, (found) => `\\x${hex(found)}`)}"`;
}
