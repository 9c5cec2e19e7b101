// The code editor as a view.  The library is loaded when the first editor is shown.

import { t } from "../i18n.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../lib.js";
import { LoadError, Loading } from "../ui/state.js";
import { formatting, luaIndentation, unitOf } from "./format.js";
import { phrases } from "./phrases.js";

/** @typedef {typeof import("../../vendor/codemirror-6.43.15.js")} CodeMirror */

/** @returns {Promise<CodeMirror>} */
export const loadCodeMirror = () => import("../../vendor/codemirror-6.43.15.js");

/**
 * @typedef {object} Marker  what is wrong in the code
 * @property {number} line  from 1
 * @property {number} [column]  from 1
 * @property {string} message
 * @property {"error" | "warning"} [severity]
 */

/**
 * @typedef {object} EditorProps
 * @property {string} value  the text to begin with; later it is the editor that knows it
 * @property {string} runtime  the language
 * @property {string} label
 * @property {(text: string) => void} [onChange]
 * @property {() => void} [onSave]  Ctrl or Cmd and S
 * @property {() => void} [onRun]  Ctrl or Cmd and Enter
 * @property {boolean} [readOnly]
 * @property {number} [line]  to show, from 1
 * @property {readonly Marker[]} [markers]
 * @property {(cm: CodeMirror) => any[]} [extend]  more extensions, such as completion; another function
 *   takes the place of the first
 * @property {(handle: EditorHandle) => void} [onReady]
 */

/**
 * @typedef {object} EditorHandle
 * @property {(text: string) => void} insert  at the cursor
 * @property {(text: string) => void} replace  the whole text
 * @property {(line: number) => void} showLine
 * @property {() => "done" | "nothing" | "unclear"} format
 * @property {() => void} focus
 */

/** @param {EditorProps} props */
export function Editor(props) {
  const [loaded, setLoaded] = useState(/** @type {any} */ (null));
  const load = () => {
    setLoaded(null);
    loadCodeMirror().then(
      (cm) => setLoaded({ cm }),
      (error) => setLoaded({ error }),
    );
  };
  useEffect(load, []);
  if (!loaded) return html`<${Loading} what=${t("editor.loading")} />`;
  if (loaded.error) return html`<${LoadError} error=${loaded.error} title=${t("editor.failed")} onRetry=${load} />`;
  return html`<${LoadedEditor} ...${props} cm=${loaded.cm} />`;
}

/** @param {EditorProps & { cm: CodeMirror }} props */
function LoadedEditor(props) {
  const { cm, value, runtime, label, readOnly = false, line, markers = [], extend } = props;
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const view = useRef(/** @type {import("@codemirror/view").EditorView | null} */ (null));
  const more = useRef(/** @type {import("@codemirror/state").Compartment | null} */ (null));
  const [place, setPlace] = useState({ line: 1, column: 1 });
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    const extra = new cm.Compartment();
    const watch = cm.EditorView.updateListener.of((update) => {
      if (update.docChanged) latest.current.onChange?.(update.state.doc.toString());
      if (update.selectionSet || update.docChanged) setPlace(placeOf(update.state));
    });
    const made = new cm.EditorView({
      parent: /** @type {HTMLElement} */ (box.current),
      state: cm.EditorState.create({
        doc: value,
        extensions: [
          watch,
          extra.of(latest.current.extend?.(cm) ?? []),
          ...extensions(cm, latest, { runtime, label, readOnly }),
        ],
      }),
    });
    view.current = made;
    more.current = extra;
    latest.current.onReady?.(handleOf(cm, made, runtime));
    return () => made.destroy();
  }, [runtime, readOnly]);
  // At once: whoever sees that it is there may type and expect offers.
  useLayoutEffect(() => {
    // What the editor knows may come later than the editor; nothing of what was written may suffer.
    view.current?.dispatch({ effects: more.current?.reconfigure(extend?.(cm) ?? []) ?? [] });
  }, [extend]);
  useEffect(() => {
    if (line && view.current) handleOf(cm, view.current, runtime).showLine(line);
  }, [line]);
  useEffect(() => {
    const current = view.current;
    if (current) current.dispatch(cm.setDiagnostics(current.state, markers.map((one) => diagnostic(current, one))));
  }, [markers]);
  return html`<div class="editor" ref=${box}></div>
    <p class="hint editor-hint">
      <span class="grow">${!readOnly && t("editor.escape")}</span>
      <span class="editor-place">${t("editor.place", place)}</span>
    </p>`;
}

/** @param {import("@codemirror/state").EditorState} state */
function placeOf(state) {
  const { head } = state.selection.main;
  const line = state.doc.lineAt(head);
  return { line: line.number, column: head - line.from + 1 };
}

/**
 * @param {CodeMirror} cm
 * @param {{ current: EditorProps }} latest
 * @param {{ runtime: string, label: string, readOnly: boolean }} fixed
 */
function extensions(cm, latest, { runtime, label, readOnly }) {
  return [
    cm.lineNumbers(),
    cm.highlightSpecialChars(),
    cm.history(),
    cm.foldGutter(),
    cm.drawSelection(),
    cm.EditorState.allowMultipleSelections.of(true),
    cm.EditorState.phrases.of(phrases()),
    cm.indentOnInput(),
    cm.bracketMatching(),
    cm.closeBrackets(),
    cm.rectangularSelection(),
    cm.crosshairCursor(),
    cm.highlightActiveLine(),
    cm.highlightActiveLineGutter(),
    cm.highlightSelectionMatches(),
    cm.lintGutter(),
    cm.syntaxHighlighting(cm.classHighlighter),
    language(cm, runtime),
    cm.indentUnit.of(unitOf(runtime)),
    ...(runtime === "lua" ? [luaIndentation(cm)] : []),
    cm.EditorState.readOnly.of(readOnly),
    cm.EditorView.contentAttributes.of({ "aria-label": label, ...(readOnly ? { tabindex: "0" } : {}) }),
    cm.keymap.of([
      ...keys(cm, latest, runtime),
      ...cm.closeBracketsKeymap,
      ...cm.defaultKeymap,
      ...cm.searchKeymap,
      ...cm.historyKeymap,
      ...cm.foldKeymap,
      ...cm.completionKeymap,
      ...cm.lintKeymap,
      cm.indentWithTab, // Escape before it leaves the editor, as the hint below says.
    ]),
  ];
}

/**
 * @param {CodeMirror} cm
 * @param {{ current: EditorProps }} latest
 * @param {string} runtime
 * @returns {import("@codemirror/view").KeyBinding[]}
 */
function keys(cm, latest, runtime) {
  return [
    { key: "Mod-s", preventDefault: true, run: () => (latest.current.onSave?.(), true) },
    {
      key: "Mod-Enter",
      run() {
        latest.current.onRun?.();
        return latest.current.onRun !== undefined;
      },
    },
    { key: "Shift-Alt-f", run: (view) => (handleOf(cm, view, runtime).format(), true) },
  ];
}

/**
 * The grammar of a language that functions are written in.
 *
 * @param {CodeMirror} cm
 * @param {string} runtime
 */
export function language(cm, runtime) {
  if (runtime === "javascript" || runtime === "typescript") {
    return cm.javascript({ typescript: runtime === "typescript" });
  }
  if (runtime === "python") return cm.python();
  return cm.StreamLanguage.define(cm.lua);
}

/**
 * @param {CodeMirror} cm
 * @param {import("@codemirror/view").EditorView} view
 * @param {string} runtime
 * @returns {EditorHandle}
 */
function handleOf(cm, view, runtime) {
  return {
    insert(text) {
      view.dispatch(view.state.replaceSelection(text));
      view.focus();
    },
    replace: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
    showLine(number) {
      const line = view.state.doc.line(Math.min(Math.max(1, number), view.state.doc.lines));
      view.dispatch({
        selection: { anchor: line.from },
        effects: cm.EditorView.scrollIntoView(line.from, { y: "center" }),
      });
      view.focus();
    },
    format() {
      const changes = formatting(cm, view.state, runtime);
      if (!changes) return "unclear";
      if (changes.length === 0) return "nothing";
      view.dispatch({ changes, userEvent: "format" });
      return "done";
    },
    focus: () => view.focus(),
  };
}

/**
 * @param {import("@codemirror/view").EditorView} view
 * @param {Marker} marker
 */
function diagnostic(view, { line, column = 1, message, severity = "error" }) {
  const found = view.state.doc.line(Math.min(Math.max(1, line), view.state.doc.lines));
  const from = Math.min(found.from + Math.max(0, column - 1), found.to);
  return { from, to: found.to, message, severity };
}
