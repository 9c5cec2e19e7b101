// The editor's own texts, by what the library calls them.

import { t } from "../i18n.ts";

export const phrases = () => ({
  Find: t("editor.find"),
  Replace: t("editor.replace"),
  next: t("editor.next"),
  previous: t("editor.previous"),
  all: t("editor.all"),
  "match case": t("editor.matchCase"),
  regexp: t("editor.regexp"),
  "by word": t("editor.byWord"),
  replace: t("editor.replaceOne"),
  "replace all": t("editor.replaceAll"),
  close: t("editor.close"),
  "current match": t("editor.currentMatch"),
  "on line": t("editor.onLine"),
  "replaced match on line $": t("editor.replacedOnLine"),
  "replaced $ matches": t("editor.replacedCount"),
  "Go to line": t("editor.goToLine"),
  go: t("editor.go"),
  Completions: t("editor.completions"),
  Diagnostics: t("editor.problems"),
  "No diagnostics": t("editor.noProblems"),
  "Fold line": t("editor.fold"),
  "Unfold line": t("editor.unfold"),
  "folded code": t("editor.folded"),
  unfold: t("editor.unfold"),
  "Folded lines": t("editor.folded"),
  "Unfolded lines": t("editor.unfold"),
  to: t("editor.to"),
  "Selection deleted": t("editor.deleted"),
});
