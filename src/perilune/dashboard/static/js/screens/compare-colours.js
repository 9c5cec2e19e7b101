// Colours for the lines of a comparison, from the grammars of the editor.

import { language, loadCodeMirror } from "../editor/editor.js";
import { useEffect, useState } from "../lib.js";

/** @typedef {import("./compare-lines.js").Line} Line */
/** @typedef {{ text: string, classes: string }} Piece */

/** Larger code stays without colours: it would take too long. */
const MAX_CHARS = 300_000;

/**
 * The pieces of each line, by its number in the old and in the new version; null until they are there.
 *
 * @param {Line[]} lines
 * @param {string} runtime
 */
export function useColours(lines, runtime) {
  const [colours, setColours] = useState(/** @type {{ old: Piece[][], fresh: Piece[][] } | null} */ (null));
  useEffect(() => {
    let isCurrent = true;
    loadCodeMirror().then((cm) => {
      if (!isCurrent) return;
      const textOf = (/** @type {Line["line_type"]} */ left) =>
        lines.filter((one) => one.line_type !== left).map((one) => one.content).join("\n");
      setColours({ old: coloured(cm, textOf("added"), runtime), fresh: coloured(cm, textOf("removed"), runtime) });
    }, () => {}); // it can be read without colours
    return () => {
      isCurrent = false;
    };
  }, [lines, runtime]);
  return colours;
}

/**
 * @param {import("../editor/editor.js").CodeMirror} cm
 * @param {string} text
 * @param {string} runtime
 * @returns {Piece[][]}
 */
function coloured(cm, text, runtime) {
  if (text.length > MAX_CHARS) return [];
  const found = language(cm, runtime);
  const { parser } = "language" in found ? found.language : found;
  /** @type {Piece[][]} */
  const lines = [[]];
  cm.highlightCode(
    text,
    parser.parse(text),
    cm.classHighlighter,
    (piece, classes) => lines.at(-1)?.push({ text: piece, classes }),
    () => lines.push([]),
  );
  return lines;
}
