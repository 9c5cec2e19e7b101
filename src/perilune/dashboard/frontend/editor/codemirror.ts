// The editor with the languages that functions can be written in.
export { Annotation, Compartment, EditorSelection, EditorState, StateEffect, StateField } from "@codemirror/state";
export {
  Decoration,
  EditorView,
  crosshairCursor,
  drawSelection,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  hoverTooltip,
  keymap,
  lineNumbers,
  rectangularSelection,
  showTooltip,
} from "@codemirror/view";
export { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
export {
  HighlightStyle,
  IndentContext,
  StreamLanguage,
  bracketMatching,
  ensureSyntaxTree,
  foldGutter,
  foldKeymap,
  getIndentation,
  indentOnInput,
  indentService,
  indentString,
  indentUnit,
  syntaxHighlighting,
  syntaxTree,
} from "@codemirror/language";
export {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completeFromList,
  completionKeymap,
  snippetCompletion,
} from "@codemirror/autocomplete";
export { lintGutter, lintKeymap, linter, setDiagnostics } from "@codemirror/lint";
export { highlightSelectionMatches, openSearchPanel, searchKeymap } from "@codemirror/search";
export {
  javascript,
  javascriptLanguage,
  localCompletionSource as javascriptLocals,
  snippets as javascriptSnippets,
  typescriptLanguage,
  typescriptSnippets,
} from "@codemirror/lang-javascript";
export {
  globalCompletion as pythonGlobals,
  localCompletionSource as pythonLocals,
  python,
  pythonLanguage,
} from "@codemirror/lang-python";
export { lua } from "@codemirror/legacy-modes/mode/lua";
export { classHighlighter, highlightCode, tags } from "@lezer/highlight";
