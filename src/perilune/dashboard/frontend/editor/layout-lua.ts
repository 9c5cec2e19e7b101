// How deep the lines of Lua code belong.  No views here.

export interface LineLayout {
  depth: number | null; // how often the line is indented; null leaves it as it is
  endsInside: boolean; // in a text or comment of several lines: blanks at the end count
}

const TOKEN =
  /--\[(=*)\[[\s\S]*?(?:\]\1\]|$)|--[^\n]*|\[(=*)\[[\s\S]*?(?:\]\2\]|$)|"(?:\\[\s\S]|[^"\\\n])*"?|'(?:\\[\s\S]|[^'\\\n])*'?|[A-Za-z_]\w*|\d[\w.]*|\n|\.\.\.?|[=~<>]=|[^\s]/g;
const BRACKETS = new Set(["(", "[", "{"]);
const BRACKETS_BACK = new Set([")", "]", "}"]);
const OPENERS = new Set([...BRACKETS, "function", "then", "do", "repeat", "else"]);
const CLOSERS = new Set([...BRACKETS_BACK, "end", "until", "else", "elseif"]);
const BINARY = ["and", "or", "..", "+", "*", "/", "%", "^", "==", "~=", "<", ">", "<=", ">="];
/** What can't begin a statement: the line goes on with the one before. */
const GOES_ON = new Set(BINARY);
/** What can't end one. */
const IS_OPEN = new Set([...BINARY, "-", "not", "=", ","]);

/** @returns one for each line */
export function luaLayout(text: string): LineLayout[] {
  const open: { depth: number; isBracket: boolean }[] = [];
  let before = ""; // the last token of the lines above
  let statement = 0; // the depth of the line that the statement began in
  return linesOf(text).map(({ tokens, startsInside, endsInside }) => {
    let closed: number | null = null; // the depth of the line of what the first tokens close
    let depth: number | null = null;
    const settle = () => {
      if (depth !== null) return depth;
      const inner = open.at(-1);
      const isOpen = IS_OPEN.has(before) && !(before === "," && inner?.isBracket);
      const goesOn = closed === null && (isOpen || GOES_ON.has(tokens[0] ?? ""));
      depth = closed ?? (inner ? inner.depth + 1 : 0) + (goesOn ? 1 : 0);
      if (!goesOn) statement = depth;
      return depth;
    };
    for (const token of tokens) {
      // A bracket that would close a block was put there by the editor, ahead of what is typed.
      if (CLOSERS.has(token) && open.at(-1)?.isBracket === BRACKETS_BACK.has(token)) {
        const popped = open.pop();
        if (depth === null) closed = popped?.depth ?? 0;
      } else settle();
      if (OPENERS.has(token)) {
        const at = settle();
        // Conditions of several lines are not deeper than what follows them.
        const isTail = token === "then" || token === "do";
        open.push({ depth: isTail ? statement : at, isBracket: BRACKETS.has(token) });
      }
    }
    const found = settle();
    before = tokens.at(-1) ?? before;
    return { depth: startsInside ? null : found, endsInside };
  });
}

/** The tokens of each line, comments left out. */
function linesOf(text: string) {
  const fresh = (startsInside = false) => ({ tokens: [] as string[], startsInside, endsInside: false });
  let line = fresh();
  const lines = [line];
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === "\n") lines.push((line = fresh()));
    else {
      if (!token.startsWith("--")) line.tokens.push(token);
      for (let breaks = token.split("\n").length - 1; breaks > 0; breaks -= 1) {
        line.endsInside = true;
        lines.push((line = fresh(true)));
      }
    }
  }
  return lines;
}
