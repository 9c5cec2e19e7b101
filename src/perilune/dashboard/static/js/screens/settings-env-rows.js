// Environment variables as data: what was changed, and what somebody else changed.  No views here.

/**
 * @typedef {object} Row
 * @property {string} id
 * @property {string} key
 * @property {string} value  empty for a write-only one that is not changed
 * @property {boolean} writeOnly
 * @property {{ value: string, writeOnly: boolean } | null} original  null for a new one
 * @property {boolean} isRemoved
 */

/**
 * @typedef {object} Change
 * @property {string} key
 * @property {string} value
 * @property {boolean} writeOnly
 * @property {boolean} isRemoved
 */

/** @typedef {"rule.empty" | "rule.variableName" | "env.twice" | "env.met"} RowProblem  the text that says it */

const NAME = /^[A-Za-z0-9_]+$/;

/**
 * The variables as the server tells them; the values of write-only ones it does not tell.
 *
 * @param {{ env_vars: Record<string, string>, write_only: string[] }} answer
 * @returns {Row[]}
 */
export function rowsOf({ env_vars: variables, write_only: hidden }) {
  return Object.entries(variables).map(([key, told]) => {
    const writeOnly = hidden.includes(key);
    const value = writeOnly ? "" : told;
    return { id: key, key, value, writeOnly, original: { value, writeOnly }, isRemoved: false };
  });
}

/**
 * Whether the row says something else than the server.
 *
 * @param {Row} row
 */
export function isChanged({ key, value, writeOnly, original, isRemoved }) {
  if (!original) return !isRemoved && (key.trim() !== "" || value !== "");
  return isRemoved || value !== original.value || writeOnly !== original.writeOnly;
}

/**
 * What has to be sent; rows with neither key nor value are left out.
 *
 * @param {Row[]} rows
 * @returns {Change[]}
 */
export function changesOf(rows) {
  return rows.filter(isChanged).map(({ key, value, writeOnly, isRemoved }) => ({ key: key.trim(), value, writeOnly, isRemoved }));
}

/**
 * What is wrong with rows, by their ids.
 *
 * @param {Row[]} rows
 * @returns {Map<string, RowProblem>}
 */
export function problemsOf(rows) {
  /** @type {Map<string, RowProblem>} */
  const found = new Map();
  const seen = new Set();
  for (const row of rows.filter((one) => !one.isRemoved)) {
    const key = row.key.trim();
    if (!key) {
      if (row.value) found.set(row.id, "rule.empty");
      continue;
    }
    if (seen.has(key)) found.set(row.id, "env.twice");
    else if (!row.original && !NAME.test(key)) found.set(row.id, "rule.variableName");
    seen.add(key);
  }
  return found;
}

/**
 * The rows as they are when the server has *fresh* ones, with the changes that were made here.
 *
 * @param {Row[]} rows
 * @param {Row[]} fresh
 * @returns {{ rows: Row[], met: Map<string, RowProblem> }}  *met* are those that somebody else changed too
 */
export function rebased(rows, fresh) {
  /** @type {Map<string, RowProblem>} */
  const met = new Map();
  const theirs = new Map(fresh.map((one) => [one.key, one]));
  const next = [];
  for (const row of rows) {
    const now = theirs.get(row.key.trim());
    theirs.delete(row.key.trim());
    const original = now?.original ?? null;
    const isSame = JSON.stringify(original) === JSON.stringify(row.original);
    if (isSame) next.push(row);
    else if (!isChanged(row)) {
      if (now) next.push({ ...now, id: row.id });
    } else if (now || !row.isRemoved) {
      const mine = { ...row, original };
      if (isChanged(mine)) met.set(row.id, "env.met");
      next.push(mine);
    }
  }
  return { rows: [...next, ...theirs.values()], met };
}
