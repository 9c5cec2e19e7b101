// Whether a place in code is text or comment, in any of the languages.

import type { EditorState } from "@codemirror/state";
import type { CodeMirror } from "./editor.tsx";

const QUOTED = /string|comment/i;

/** Code in a template text is none of it. */
export function isQuoted(cm: CodeMirror, state: EditorState, position: number) {
  return QUOTED.test(cm.syntaxTree(state).resolveInner(position, -1).name);
}
