/**
 * The proleptic Gregorian calendar for any year.
 *
 * `Date` ends with the year 275760.  The calendar repeats every 400 years, weekdays included, so
 * every moment has its like in the era that starts in 2000.
 */

export const DAY_S = 86_400;
export const ERA_S = 146_097 * DAY_S;

const ERA_YEARS = 400;
const FIRST_YEAR = 2000;
const START_S = 946_684_800;

/**
 * @typedef {{ year: number, month: number, day: number, weekday: number, dayOfYear: number,
 *   hour: number, minute: number, second: number }} Fields months from 1, weekdays from Sunday
 */

/**
 * Take a moment apart that is in seconds since 1970 by the clock that is to be shown.
 *
 * @param {number} wallS
 * @returns {Fields}
 */
export function splitTime(wallS) {
  const era = Math.floor((wallS - START_S) / ERA_S);
  const like = new Date((wallS - era * ERA_S) * 1000);
  const year = like.getUTCFullYear();
  const dayOfYear = Date.UTC(year, like.getUTCMonth(), like.getUTCDate()) - Date.UTC(year, 0, 1);
  return {
    year: year + era * ERA_YEARS,
    month: like.getUTCMonth() + 1,
    day: like.getUTCDate(),
    weekday: like.getUTCDay(),
    dayOfYear: dayOfYear / (DAY_S * 1000) + 1,
    hour: like.getUTCHours(),
    minute: like.getUTCMinutes(),
    second: like.getUTCSeconds(),
  };
}

/**
 * Return the number of a date's day since 1970; null if there is no such date.
 *
 * @param {number} year
 * @param {number} month
 * @param {number} day
 */
export function daysSince1970(year, month, day) {
  const era = Math.floor((year - FIRST_YEAR) / ERA_YEARS);
  const like = new Date(Date.UTC(year - era * ERA_YEARS, month - 1, day));
  if (like.getUTCMonth() !== month - 1 || like.getUTCDate() !== day) return null;
  return like.getTime() / (DAY_S * 1000) + (era * ERA_S) / DAY_S;
}
