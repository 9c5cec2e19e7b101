// The code editor as a view.  The library is loaded when the first editor is shown.

import type { Compartment, EditorState, Extension } from "@codemirror/state";
import type { EditorView, KeyBinding } from "@codemirror/view";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ApiError } from "../api.ts";
import { t } from "../i18n.ts";
import { LoadError, Loading } from "../ui/state.tsx";
import { formatting, luaIndentation, unitOf } from "./format.ts";
import { phrases } from "./phrases.ts";

export type CodeMirror = typeof import("./codemirror.ts");

export const loadCodeMirror = (): Promise<CodeMirror> => import("./codemirror.ts");

/** What is wrong in the code. */
export interface Marker {
  line: number; // from 1
  column?: number; // from 1
  message: string;
  severity?: "error" | "warning";
}

interface EditorProps {
  value: string; // the text to begin with; later it is the editor that knows it
  runtime: string; // the language
  label: string;
  onChange?: (text: string) => void;
  onSave?: () => void; // Ctrl or Cmd and S
  onRun?: () => void; // Ctrl or Cmd and Enter
  readOnly?: boolean;
  line?: number | undefined; // to show, from 1
  markers?: readonly Marker[] | undefined;
  extend?: (cm: CodeMirror) => Extension[]; // more extensions, such as completion; another function takes the place of the first
  onReady?: (handle: EditorHandle) => void;
}

export interface EditorHandle {
  insert: (text: string) => void; // at the cursor
  replace: (text: string) => void; // the whole text
  showLine: (line: number) => void;
  format: () => "done" | "nothing" | "unclear";
  focus: () => void;
}

export function Editor(props: EditorProps) {
  const [loaded, setLoaded] = useState<{ cm: CodeMirror } | { error: ApiError } | null>(null);
  const load = () => {
    setLoaded(null);
    loadCodeMirror().then(
      (cm) => setLoaded({ cm }),
      (error) => setLoaded({ error }),
    );
  };
  useEffect(load, []);
  if (!loaded) return <Loading what={t("editor.loading")} />;
  if ("error" in loaded) return <LoadError error={loaded.error} title={t("editor.failed")} onRetry={load} />;
  return <LoadedEditor {...props} cm={loaded.cm} />;
}

function LoadedEditor(props: EditorProps & { cm: CodeMirror }) {
  const { cm, value, runtime, label, readOnly = false, line, markers = [], extend } = props;
  const box = useRef<HTMLDivElement | null>(null);
  const view = useRef<EditorView | null>(null);
  const more = useRef<Compartment | null>(null);
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
      parent: box.current as HTMLElement,
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
  return <><div class="editor" ref={box}></div>
    <p class="hint editor-hint">
      <span class="grow">{!readOnly && t("editor.escape")}</span>
      <span class="editor-place">{t("editor.place", place)}</span>
    </p></>;
}

function placeOf(state: EditorState) {
  const { head } = state.selection.main;
  const line = state.doc.lineAt(head);
  return { line: line.number, column: head - line.from + 1 };
}

function extensions(
  cm: CodeMirror,
  latest: { current: EditorProps },
  { runtime, label, readOnly }: { runtime: string; label: string; readOnly: boolean },
) {
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
    // Said also of text that can be written: tools see no other way to scroll it by keyboard.
    cm.EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
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

function keys(cm: CodeMirror, latest: { current: EditorProps }, runtime: string): KeyBinding[] {
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

/** The grammar of a language that functions are written in. */
export function language(cm: CodeMirror, runtime: string) {
  if (runtime === "javascript" || runtime === "typescript") {
    return cm.javascript({ typescript: runtime === "typescript" });
  }
  if (runtime === "python") return cm.python();
  return cm.StreamLanguage.define(cm.lua);
}

function handleOf(cm: CodeMirror, view: EditorView, runtime: string): EditorHandle {
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

function diagnostic(view: EditorView, { line, column = 1, message, severity = "error" }: Marker) {
  const found = view.state.doc.line(Math.min(Math.max(1, line), view.state.doc.lines));
  const from = Math.min(found.from + Math.max(0, column - 1), found.to);
  return { from, to: found.to, message, severity };
}
