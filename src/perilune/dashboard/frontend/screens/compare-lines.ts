// What is done with the lines of a comparison before they are shown.  No views here.

export interface Line {
  line_type: "unchanged" | "added" | "removed";
  old_line?: number;
  new_line?: number;
  content: string;
}

const CONTEXT = 3;

/** Lines beside each other: removed ones beside the added ones that took their place. */
export function pairUp(lines: Line[]): [Line | null, Line | null][] {
  const pairs: [Line | null, Line | null][] = [];
  let removed: Line[] = [];
  let added: Line[] = [];
  const flush = () => {
    for (let at = 0; at < Math.max(removed.length, added.length); at += 1) {
      pairs.push([removed[at] ?? null, added[at] ?? null]);
    }
    removed = [];
    added = [];
  };
  for (const line of lines) {
    if (line.line_type === "removed") {
      if (added.length) flush();
      removed.push(line);
    } else if (line.line_type === "added") added.push(line);
    else {
      flush();
      pairs.push([line, line]);
    }
  }
  flush();
  return pairs;
}

/**
 * Leave out what is far from every change.
 *
 * @param how  *opened*: the first items of what is shown all the same
 * @returns *change* counts the groups of items that are not the same
 */
export function fold<T>(
  items: T[],
  { isFolded, opened, isSame }: { isFolded: boolean; opened: ReadonlySet<number>; isSame: (item: T) => boolean },
): ({ item: T; change: number | null } | { hidden: number; from: number })[] {
  const isNear = new Array(items.length).fill(!isFolded);
  for (const [at, item] of items.entries()) {
    if (isSame(item)) continue;
    const from = Math.max(0, at - CONTEXT);
    for (let near = from; near <= Math.min(items.length - 1, at + CONTEXT); near += 1) isNear[near] = true;
  }
  const rows: ReturnType<typeof fold<T>> = [];
  let changes = -1;
  let isChange = false;
  let start = 0; // of what is hidden
  for (const [at, item] of items.entries()) {
    if (isNear[at]) {
      if (!isSame(item) && !isChange) changes += 1;
      isChange = !isSame(item);
      rows.push({ item, change: isChange ? changes : null });
      continue;
    }
    if (at === 0 || isNear[at - 1]) start = at;
    const last = rows.at(-1);
    if (opened.has(start)) rows.push({ item, change: null });
    else if (last && "hidden" in last) last.hidden += 1;
    else rows.push({ hidden: 1, from: start });
  }
  return rows;
}

export type Part = { text: string; isChanged: boolean };

const WORD = /\w+|\s+|[^\w\s]/g;
const MOST_STEPS = 40_000;

/** The words in which two lines differ. */
export function changedParts(before: string, after: string): [Part[], Part[]] {
  const old = before.match(WORD) ?? [];
  const fresh = after.match(WORD) ?? [];
  let start = 0;
  while (start < Math.min(old.length, fresh.length) && old[start] === fresh[start]) start += 1;
  let end = 0;
  while (end < Math.min(old.length, fresh.length) - start && old.at(-1 - end) === fresh.at(-1 - end)) end += 1;
  const [kept, keptFresh] = common(old.slice(start, old.length - end), fresh.slice(start, fresh.length - end));
  const parts = (words: string[], same: Set<number>) =>
    joined(words.map((text, at) => ({ text, isChanged: at >= start && at < words.length - end && !same.has(at - start) })));
  return [parts(old, kept), parts(fresh, keptFresh)];
}

/** The places of the longest common sequence of words; none where it would take too long. */
function common(old: string[], fresh: string[]): [Set<number>, Set<number>] {
  const found: [Set<number>, Set<number>] = [new Set(), new Set()];
  if (old.length * fresh.length > MOST_STEPS) return found;
  const width = fresh.length + 1;
  const lengths = new Uint16Array((old.length + 1) * width);
  const at = (row: number, column: number) => lengths[row * width + column] ?? 0;
  for (let row = old.length - 1; row >= 0; row -= 1) {
    for (let column = fresh.length - 1; column >= 0; column -= 1) {
      lengths[row * width + column] =
        old[row] === fresh[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  for (let row = 0, column = 0; row < old.length && column < fresh.length; ) {
    if (old[row] === fresh[column]) {
      found[0].add(row);
      found[1].add(column);
      row += 1;
      column += 1;
    } else if (at(row + 1, column) >= at(row, column + 1)) row += 1;
    else column += 1;
  }
  return found;
}

/** Neighbours of the same kind together, and blanks with what changed around them. */
function joined(parts: Part[]) {
  const found: Part[] = [];
  for (const [at, { text, isChanged }] of parts.entries()) {
    const isBetween = !/\S/.test(text) && parts[at - 1]?.isChanged === true && parts[at + 1]?.isChanged === true;
    const last = found.at(-1);
    if (last && last.isChanged === (isChanged || isBetween)) last.text += text;
    else found.push({ text, isChanged: isChanged || isBetween });
  }
  return found;
}

/** The comparison in the unified format, with three lines around each change. */
export function patchText(lines: Line[], first: string, second: string) {
  const signs = { unchanged: " ", added: "+", removed: "-" };
  const rows = fold(lines, { isFolded: true, opened: new Set(), isSame: (one) => one.line_type === "unchanged" });
  const head = [`--- v${first}`, `+++ v${second}`];
  const text: string[] = [];
  let [old, fresh] = [1, 1]; // the numbers of the next lines
  for (let at = 0; at < rows.length; ) {
    const row = rows[at];
    if (row && "hidden" in row) {
      old += row.hidden;
      fresh += row.hidden;
      at += 1;
      continue;
    }
    const hunk: Line[] = [];
    for (let next = rows[at]; next && "item" in next; next = rows[at]) {
      hunk.push(next.item);
      at += 1;
    }
    const olds = hunk.filter((one) => one.line_type !== "added").length;
    const freshes = hunk.filter((one) => one.line_type !== "removed").length;
    text.push(`@@ -${olds ? old : old - 1},${olds} +${freshes ? fresh : fresh - 1},${freshes} @@`);
    text.push(...hunk.map((one) => `${signs[one.line_type]}${one.content}`));
    old += olds;
    fresh += freshes;
  }
  return `${[...head, ...text].join("\n")}\n`;
}
