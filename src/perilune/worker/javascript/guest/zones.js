/** Time zones: UTC, the server's own, and those of the IANA database. */

import { DAY_S, ERA_S } from "./calendar.js";
import { TimeProblem } from "./layouts.js";
import { abbreviationsOf } from "./zone_names.js";

const MAX_SHOWN_NAME = 64;
const YEAR_2400_S = 13_569_465_600;
const YEAR_1_S = -62_135_596_800;
const FURTHEST_S = 2 ** 63;
// How far from a moment to look for the other offsets that its year has: beyond a change of the
// clocks, and half a year.
const PROBES_S = [0, -1, 1, -182, 182].map((days) => DAY_S * days);

const { Instant, Now } = Temporal;

/**
 * @typedef {{ offsetS: number, name: string }} Rule what a zone's clocks show at some moment
 */

/** A time zone for any moment, however far from today. */
export class Zone {
  #id;
  #names;

  /** @param {string} id as the database has it */
  constructor(id) {
    this.#id = id;
    this.#names = namesOf(id);
  }

  /**
   * Return the rule in force at a moment; the earliest one before year 1.
   *
   * @param {number} unixS
   * @returns {Rule}
   */
  ruleAt(unixS) {
    let like = Math.max(unixS, YEAR_1_S);
    if (like >= YEAR_2400_S) like = YEAR_2400_S + ((like - YEAR_2400_S) % ERA_S);
    const local = Instant.fromEpochMilliseconds(like * 1000).toZonedDateTimeISO(this.#id);
    const offsetS = Math.trunc(local.offsetNanoseconds / 1e9);
    return { offsetS, name: this.#names.get(offsetS) ?? "" };
  }

  /**
   * Return the moment at which clocks show this, counted as if the zone were UTC.
   *
   * For what clocks skip or show twice, it is one of the two possible moments.
   *
   * @param {number} wallS
   */
  unixS(wallS) {
    const guessS = wallS - this.ruleAt(wallS).offsetS;
    return wallS - this.ruleAt(guessS).offsetS;
  }

  /**
   * Return the offset of a wanted rule in the year around a time, null without one.
   *
   * @param {number} wallS
   * @param {(rule: Rule) => boolean} isWanted
   */
  offsetNear(wallS, isWanted) {
    for (const probeS of PROBES_S) {
      const rule = this.ruleAt(wallS + probeS);
      if (isWanted(rule)) return rule.offsetS;
    }
    return null;
  }
}

/** @type {Map<string, Zone>} */
const known = new Map();
const serverId = Now.timeZoneId();

/** Return UTC. */
export function utc() {
  return zoneOf("UTC");
}

/** Return the server's zone. */
export function server() {
  return zoneOf(serverId);
}

/**
 * Return the zone of an IANA name, `Local` for the server's, `UTC` or empty for UTC.
 *
 * @param {string} name
 */
export function findZone(name) {
  if (name === "Local") return server();
  if (name === "" || name === "UTC") return utc();
  if (abbreviationsOf(name) === null) {
    throw new TimeProblem(`unknown time zone ${name.slice(0, MAX_SHOWN_NAME)}`);
  }
  return zoneOf(name);
}

/**
 * Return a number of seconds as a whole one that is not too far away.
 *
 * @param {number} number
 */
export function wholeSeconds(number) {
  if (number > -FURTHEST_S && number < FURTHEST_S) return Math.trunc(number);
  return number < 0 ? -FURTHEST_S : FURTHEST_S;
}

/** @param {string} id */
function zoneOf(id) {
  let zone = known.get(id);
  if (zone === undefined) {
    zone = new Zone(id);
    known.set(id, zone);
  }
  return zone;
}

/** @param {string} id */
function namesOf(id) {
  const texts = abbreviationsOf(id) ?? "0UTC";
  /** @type {Map<number, string>} */
  const names = new Map();
  for (const [, offset, name] of texts.matchAll(/(-?\d+)([A-Za-z]+|[+-]\d+)/g)) {
    names.set(Number(offset), name);
  }
  return names;
}
