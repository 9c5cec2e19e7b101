// Environment variables as data: what was changed, and the form of .env files.  No views here.

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
 * What has to be sent; rows with neither key nor value are left out.
 *
 * @param {Row[]} rows
 * @returns {{ list: Change[], problem: { text: "env.noKey" | "env.twice", key: string } | null }}
 */
export function changesOf(rows) {
  /** @type {Change[]} */
  const list = [];
  /** @type {{ text: "env.noKey" | "env.twice", key: string } | null} */
  let problem = null;
  const seen = new Set();
  for (const { key: given, value, writeOnly, original, isRemoved } of rows) {
    const key = given.trim();
    if (!key && !value) continue;
    if (!key) problem ??= { text: "env.noKey", key: "" };
    if (!isRemoved && seen.has(key)) problem ??= { text: "env.twice", key };
    if (!isRemoved) seen.add(key);
    const isSame = original && !isRemoved && value === original.value && writeOnly === original.writeOnly;
    if (isSame) continue;
    list.push({ key, value, writeOnly, isRemoved });
  }
  return { list, problem };
}

/**
 * The variables of a .env file; `#` begins a comment, quotes may stand around values.
 *
 * @param {string} text
 * @returns {{ pairs: [string, string][], problems: number[] }}  *problems* are the numbers of lines
 */
export function parseDotenv(text) {
  /** @type {[string, string][]} */
  const pairs = [];
  const problems = [];
  for (const [at, line] of text.split("\n").entries()) {
    if (!line.trim() || line.trim().startsWith("#")) continue;
    const found = /^\s*(?:export\s+)?(\w+)\s*=\s*(.*?)\s*$/.exec(line);
    if (!found) {
      problems.push(at + 1);
      continue;
    }
    const [, key = "", raw = ""] = found;
    const quoted = /^"((?:[^"\\]|\\.)*)"$/.exec(raw);
    const plain = /^'([^']*)'$/.exec(raw);
    const value = quoted ? unescape(quoted[1] ?? "") : plain ? (plain[1] ?? "") : raw.replace(/\s+#.*$/, "");
    pairs.push([key, value]);
  }
  return { pairs, problems };
}

/**
 * The variables that can be read, as a .env file.
 *
 * @param {Row[]} rows
 */
export function dotenvText(rows) {
  const shown = rows.filter((one) => !one.isRemoved && one.key);
  return shown
    .map(({ key, value, writeOnly, original }) =>
      original?.writeOnly && writeOnly && value === "" ? `# ${key} is write-only\n` : `${key}=${JSON.stringify(value)}\n`,
    )
    .join("");
}

/** @param {string} text */
function unescape(text) {
  const names = /** @type {Record<string, string>} */ ({ n: "\n", r: "\r", t: "\t" });
  return text.replace(/\\(.)/g, (_, letter) => names[letter] ?? letter);
}
