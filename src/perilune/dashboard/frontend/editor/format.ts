// Puts code in order: indentation, blanks at the ends of lines, one line feed at the end.

import type { EditorState } from "@codemirror/state";
import type { CodeMirror } from "./editor.tsx";
import { luaLayout, type LineLayout } from "./layout-lua.ts";
import { pythonLayout } from "./layout-python.ts";

type Change = { from: number; to: number; insert: string };

const PARSE_MS = 2000;
const UNITS = { lua: 2, javascript: 2, typescript: 2, python: 4 };

/** How many blanks a level is. */
export const unitOf = (runtime: string) => " ".repeat(UNITS[runtime as keyof typeof UNITS] ?? 2);

/**
 * What has to be changed; nothing in texts and comments of several lines.
 *
 * @returns null if the structure of the code is unclear
 */
export function formatting(cm: CodeMirror, state: EditorState, runtime: string): Change[] | null {
  const lines = layoutOf(cm, state, runtime);
  if (!lines) return null;
  let last = state.doc.lines;
  while (last > 1 && !/\S/.test(state.doc.line(last).text)) last -= 1;
  const changes: Change[] = [];
  for (const [at, { indent, endsInside }] of lines.slice(0, last).entries()) {
    const line = state.doc.line(at + 1);
    const blanks = /^\s*/.exec(line.text)?.[0] ?? "";
    if (blanks === line.text) {
      // A line of nothing but blanks.
      if (!endsInside && indent !== null && blanks) changes.push({ from: line.from, to: line.to, insert: "" });
      continue;
    }
    if (indent !== null && indent !== blanks) {
      changes.push({ from: line.from, to: line.from + blanks.length, insert: indent });
    }
    const rest = endsInside ? "" : (/\s+$/.exec(line.text)?.[0] ?? "");
    if (rest) changes.push({ from: line.to - rest.length, to: line.to, insert: "" });
  }
  const end = state.doc.line(last).to;
  const isWhole = end === 0 || state.doc.sliceString(end) === "\n";
  return isWhole ? changes : [...changes, { from: end, to: state.doc.length, insert: "\n" }];
}

/** Indentation of new lines in Lua; the editor's own counts every bracket of a line. */
export function luaIndentation(cm: CodeMirror) {
  return cm.indentService.of((context, position) => {
    const before = context.state.sliceDoc(0, position);
    const line = `${before === "" || before.endsWith("\n") ? "" : "\n"}${context.textAfterPos(position)}`;
    const depth = luaLayout(before + line).at(-1)?.depth;
    return depth === null || depth === undefined ? null : depth * UNITS.lua;
  });
}

function layoutOf(
  cm: CodeMirror,
  state: EditorState,
  runtime: string,
): { indent: string | null; endsInside: boolean }[] | null {
  if (runtime === "javascript" || runtime === "typescript") return bracketLayout(cm, state);
  const layout = runtime === "python" ? pythonLayout : luaLayout;
  const found: (LineLayout & { width?: number })[] | null = layout(state.doc.toString());
  const unit = unitOf(runtime);
  return (
    found &&
    found.map((one) => ({
      indent: one.depth !== null ? unit.repeat(one.depth) : one.width !== undefined ? " ".repeat(one.width) : null,
      endsInside: one.endsInside,
    }))
  );
}

/** As the grammar of the editor has it. */
function bracketLayout(cm: CodeMirror, state: EditorState) {
  const tree = cm.ensureSyntaxTree(state, state.doc.length, PARSE_MS);
  if (!tree) return null;
  const insides = new Set<number>(); // the lines that begin inside a text or comment
  tree.iterate({
    enter({ name, from, to }) {
      if (name !== "TemplateString" && name !== "BlockComment") return;
      const last = state.doc.lineAt(to).number;
      for (let line = state.doc.lineAt(from).number + 1; line <= last; line += 1) insides.add(line);
    },
  });
  const made = new Map<number, number>(); // the widths of the lines above, by where they begin
  const context = new cm.IndentContext(state, { overrideIndentation: (start) => made.get(start) ?? -1 });
  return Array.from({ length: state.doc.lines }, (_, at) => {
    const line = state.doc.line(at + 1);
    const width = insides.has(at + 1) ? null : cm.getIndentation(context, line.from);
    if (width !== null) made.set(line.from, width);
    return { indent: width === null ? null : cm.indentString(state, width), endsInside: insides.has(at + 2) };
  });
}
