// How deep the lines of Python code belong.  No views here.

import type { LineLayout } from "./layout-lua.ts";

interface PythonLine {
  width: number; // of the blanks that it begins with
  isComment: boolean; // it has a comment and nothing else
  isBlank: boolean;
  goesOn: boolean; // with the statement before it
  startsInside: boolean; // a text of several lines
  endsInside: boolean;
}

const UNIT = 4;
const TOKEN =
  /#[^\n]*|("""|''')(?:\\[\s\S]|(?!\1)[\s\S])*(?:\1|$)|"(?:\\[\s\S]|[^"\\\n])*"?|'(?:\\[\s\S]|[^'\\\n])*'?|\\\n|\n|[()[\]{}]|[^\s()[\]{}"'#\\]+|\\/g;

/**
 * Indentation keeps its structure and becomes four blanks a level.
 *
 * @returns one for each line, with *width* where a line is moved along with its statement; null for code whose structure is unclear
 */
export function pythonLayout(text: string): (LineLayout & { width?: number })[] | null {
  const lines = linesOf(text);
  const found: (LineLayout & { width?: number })[] = lines.map(({ endsInside }) => ({ depth: null, endsInside }));
  let stack = [0]; // the widths of the levels that are open
  let moved = 0; // how far the statement is moved
  let comments: number[] = [];
  for (const [at, line] of lines.entries()) {
    if (line.startsInside || line.isBlank) continue;
    if (line.goesOn) {
      found[at] = { depth: null, width: Math.max(0, line.width + moved), endsInside: line.endsInside };
      continue;
    }
    if (line.isComment) {
      comments.push(at);
      continue;
    }
    const outer = stack;
    stack = stack.filter((width) => width <= line.width);
    if (line.width > (stack.at(-1) ?? 0)) {
      if (stack.length < outer.length) return null; // between two levels
      stack = [...stack, line.width];
    }
    moved = (stack.length - 1) * UNIT - line.width;
    found[at] = { depth: stack.length - 1, endsInside: line.endsInside };
    placeComments(lines, found, comments, [stack, outer]);
    comments = [];
  }
  placeComments(lines, found, comments, [stack]);
  return found;
}

/** Comments go where the statements of their width go; others stay. */
function placeComments(lines: PythonLine[], found: LineLayout[], comments: number[], stacks: number[][]) {
  for (const at of comments) {
    const width = lines[at]?.width ?? 0;
    const stack = stacks.find((one) => one.includes(width));
    found[at] = { depth: stack ? stack.indexOf(width) : null, endsInside: false };
  }
}

function linesOf(text: string): PythonLine[] {
  const texts = text.split("\n");
  let nesting = 0;
  const fresh = (at: number, goesOn = false, startsInside = false) => ({
    width: widthOf(texts[at] ?? ""),
    isComment: /^\s*#/.test(texts[at] ?? ""),
    isBlank: !/\S/.test(texts[at] ?? ""),
    goesOn,
    startsInside,
    endsInside: false,
  });
  let line = fresh(0);
  const lines = [line];
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === "\n" || token === "\\\n") lines.push((line = fresh(lines.length, nesting > 0 || token !== "\n")));
    else if (/^[([{]$/.test(token)) nesting += 1;
    else if (/^[)\]}]$/.test(token)) nesting = Math.max(0, nesting - 1);
    else {
      for (let breaks = token.split("\n").length - 1; breaks > 0; breaks -= 1) {
        line.endsInside = true;
        lines.push((line = fresh(lines.length, true, true)));
      }
    }
  }
  return lines;
}

/** As Python counts: a tab goes to the next multiple of eight. */
function widthOf(text: string) {
  let width = 0;
  for (const letter of text) {
    if (letter === "\t") width += 8 - (width % 8);
    else if (letter === " ") width += 1;
    else break;
  }
  return width;
}
