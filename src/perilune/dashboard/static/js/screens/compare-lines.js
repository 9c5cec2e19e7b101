// What is done with the lines of a comparison before they are shown.  No views here.

/**
 * @typedef {object} Line
 * @property {"unchanged" | "added" | "removed"} line_type
 * @property {number} [old_line]
 * @property {number} [new_line]
 * @property {string} content
 */

const CONTEXT = 3;

/**
 * Lines beside each other: removed ones beside the added ones that took their place.
 *
 * @param {Line[]} lines
 * @returns {[Line | null, Line | null][]}
 */
export function pairUp(lines) {
  /** @type {[Line | null, Line | null][]} */
  const pairs = [];
  /** @type {Line[]} */
  let removed = [];
  /** @type {Line[]} */
  let added = [];
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
 * @template T
 * @param {T[]} items
 * @param {boolean} isFolded
 * @param {(item: T) => boolean} isSame
 * @returns {({ item: T } | { hidden: number })[]}
 */
export function fold(items, isFolded, isSame) {
  if (!isFolded) return items.map((item) => ({ item }));
  const isNear = new Array(items.length).fill(false);
  for (const [at, item] of items.entries()) {
    if (isSame(item)) continue;
    const from = Math.max(0, at - CONTEXT);
    for (let near = from; near <= Math.min(items.length - 1, at + CONTEXT); near += 1) isNear[near] = true;
  }
  /** @type {({ item: T } | { hidden: number })[]} */
  const rows = [];
  for (const [at, item] of items.entries()) {
    const last = rows.at(-1);
    if (isNear[at]) rows.push({ item });
    else if (last && "hidden" in last) last.hidden += 1;
    else rows.push({ hidden: 1 });
  }
  return rows;
}

/**
 * The part of each line that differs, between what both begin and end with.
 *
 * @param {string} before
 * @param {string} after
 * @returns {[[string, string, string], [string, string, string]]}
 */
export function changedParts(before, after) {
  const shortest = Math.min(before.length, after.length);
  let start = 0;
  while (start < shortest && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < shortest - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  const cut = (/** @type {string} */ text) =>
    /** @type {[string, string, string]} */ ([
      text.slice(0, start),
      text.slice(start, text.length - end),
      text.slice(text.length - end),
    ]);
  return [cut(before), cut(after)];
}

/**
 * The comparison in the unified format, as one hunk.
 *
 * @param {Line[]} lines
 * @param {string} first
 * @param {string} second
 */
export function patchText(lines, first, second) {
  const old = lines.filter((one) => one.line_type !== "added").length;
  const fresh = lines.filter((one) => one.line_type !== "removed").length;
  const signs = { unchanged: " ", added: "+", removed: "-" };
  const body = lines.map((one) => `${signs[one.line_type]}${one.content}`);
  const head = [`--- v${first}`, `+++ v${second}`, `@@ -${old ? 1 : 0},${old} +${fresh ? 1 : 0},${fresh} @@`];
  return `${[...head, ...body].join("\n")}\n`;
}
