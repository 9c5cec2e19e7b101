// Environment variables as data: what was changed, and what somebody else changed.  No views here.

export interface Row {
  id: string;
  key: string;
  value: string; // empty for a write-only one that is not changed
  writeOnly: boolean;
  original: { value: string; writeOnly: boolean } | null; // null for a new one
  isRemoved: boolean;
}

interface Change {
  key: string;
  value: string;
  writeOnly: boolean;
  isRemoved: boolean;
}

/** The text that says it. */
export type RowProblem = "rule.empty" | "rule.variableName" | "env.twice" | "env.met";

const NAME = /^[A-Za-z0-9_]+$/;

/** The variables as the API gives them. */
export type Variables = { env_vars: Record<string, string>; write_only: string[] };

/** The variables as the server tells them; the values of write-only ones it does not tell. */
export function rowsOf({ env_vars: variables, write_only: hidden }: Variables): Row[] {
  return Object.entries(variables).map(([key, told]) => {
    const writeOnly = hidden.includes(key);
    const value = writeOnly ? "" : told;
    return { id: key, key, value, writeOnly, original: { value, writeOnly }, isRemoved: false };
  });
}

/** Whether the row says something else than the server. */
export function isChanged({ key, value, writeOnly, original, isRemoved }: Row) {
  if (!original) return !isRemoved && (key.trim() !== "" || value !== "");
  return isRemoved || value !== original.value || writeOnly !== original.writeOnly;
}

/** What has to be sent; rows with neither key nor value are left out. */
export function changesOf(rows: Row[]): Change[] {
  return rows.filter(isChanged).map(({ key, value, writeOnly, isRemoved }) => ({ key: key.trim(), value, writeOnly, isRemoved }));
}

/** What is wrong with rows, by their ids. */
export function problemsOf(rows: Row[]): Map<string, RowProblem> {
  const found = new Map<string, RowProblem>();
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
 * @returns *met* are those that somebody else changed too
 */
export function rebased(rows: Row[], fresh: Row[]): { rows: Row[]; met: Map<string, RowProblem> } {
  const met = new Map<string, RowProblem>();
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
