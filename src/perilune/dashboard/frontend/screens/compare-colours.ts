// Colours for the lines of a comparison, from the grammars of the editor.

import { useEffect, useState } from "preact/hooks";
import { language, loadCodeMirror, type CodeMirror } from "../editor/editor.tsx";
import type { Line } from "./compare-lines.ts";

export type Piece = { text: string; classes: string };

/** Larger code stays without colours: it would take too long. */
const MAX_CHARS = 300_000;

/** The pieces of each line, by its number in the old and in the new version; null until they are there. */
export function useColours(lines: Line[], runtime: string) {
  const [colours, setColours] = useState<{ old: Piece[][]; fresh: Piece[][] } | null>(null);
  useEffect(() => {
    let isCurrent = true;
    loadCodeMirror().then((cm) => {
      if (!isCurrent) return;
      const textOf = (left: Line["line_type"]) =>
        lines.filter((one) => one.line_type !== left).map((one) => one.content).join("\n");
      setColours({ old: coloured(cm, textOf("added"), runtime), fresh: coloured(cm, textOf("removed"), runtime) });
    }, () => {}); // it can be read without colours
    return () => {
      isCurrent = false;
    };
  }, [lines, runtime]);
  return colours;
}

function coloured(cm: CodeMirror, text: string, runtime: string): Piece[][] {
  if (text.length > MAX_CHARS) return [];
  const found = language(cm, runtime);
  const { parser } = "language" in found ? found.language : found;
  const lines: Piece[][] = [[]];
  cm.highlightCode(
    text,
    parser.parse(text),
    cm.classHighlighter,
    (piece, classes) => lines.at(-1)?.push({ text: piece, classes }),
    () => lines.push([]),
  );
  return lines;
}
