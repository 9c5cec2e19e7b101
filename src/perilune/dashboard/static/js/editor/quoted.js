// Whether a place in code is text or comment, in any of the languages.

const QUOTED = /string|comment/i;

/**
 * Code in a template text is none of it.
 *
 * @param {import("./editor.js").CodeMirror} cm
 * @param {import("@codemirror/state").EditorState} state
 * @param {number} position
 */
export function isQuoted(cm, state, position) {
  return QUOTED.test(cm.syntaxTree(state).resolveInner(position, -1).name);
}
