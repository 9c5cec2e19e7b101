// Says what belongs between the brackets of a call while it is written.

import type { EditorState, Transaction } from "@codemirror/state";
import { t } from "../i18n.ts";
import type { CodeMirror } from "./editor.tsx";
import type { GuestFunction } from "./guest-api.ts";
import { isQuoted } from "./quoted.ts";

/** *from* is the place of its name. */
type Call = { one: GuestFunction; from: number; argument: number };

/** So far back a call can begin. */
const FARTHEST = 2000;

/** Appears with the opening bracket or Ctrl/Cmd+Shift+Space, goes with the closing one or Escape. */
export function signatureHelp(cm: CodeMirror, functions: GuestFunction[]) {
  const asked = cm.StateEffect.define();
  const dismissed = cm.StateEffect.define();
  const field = cm.StateField.define({
    create: (): Call | null => null,
    update(value, transaction) {
      if (transaction.effects.some((one) => one.is(dismissed))) return null;
      const isAsked = transaction.effects.some((one) => one.is(asked)) || isOpening(transaction);
      if (!isAsked && (value === null || !(transaction.docChanged || transaction.selection))) return value;
      const found = callAt(cm, transaction.state, functions);
      return found && value && same(found, value) ? value : found;
    },
    provide: (own) =>
      cm.showTooltip.from(
        own,
        (call) => call && { pos: call.from, above: true, create: () => ({ dom: described(call) }) },
      ),
  });
  const keys = cm.keymap.of([
    {
      key: "Mod-Shift-Space",
      run: (view) => {
        view.dispatch({ effects: asked.of(null) });
        return view.state.field(field) !== null;
      },
    },
    {
      key: "Escape",
      run: (view) => {
        if (view.state.field(field) === null) return false;
        view.dispatch({ effects: dismissed.of(null) });
        return true;
      },
    },
  ]);
  return [field, keys];
}

function isOpening(transaction: Transaction) {
  if (!transaction.docChanged || !(transaction.isUserEvent("input") || transaction.isUserEvent("delete"))) return false;
  let isOpened = false;
  transaction.changes.iterChanges((_a, _b, _c, _d, inserted) => {
    if (/[(,]/.test(inserted.toString())) isOpened = true;
  });
  return isOpened;
}

const same = (one: Call, other: Call) => one.one === other.one && one.from === other.from && one.argument === other.argument;

/** The call of the guest API that the cursor is in. */
function callAt(cm: CodeMirror, state: EditorState, functions: GuestFunction[]): Call | null {
  const { head, empty } = state.selection.main;
  if (!empty) return null;
  const start = Math.max(0, head - FARTHEST);
  const text = state.sliceDoc(start, head);
  let nesting = 0;
  let argument = 0;
  let begins = head; // of the argument
  for (let at = text.length - 1; at >= 0; at -= 1) {
    const letter = text[at] ?? "";
    if (!"()[]{},".includes(letter) || isQuoted(cm, state, start + at + 1)) continue;
    if (")]}".includes(letter)) nesting += 1;
    else if (letter === ",") {
      if (nesting > 0) continue;
      if (argument === 0) begins = start + at + 1;
      argument += 1;
    } else if (nesting > 0) nesting -= 1;
    else if (letter === "(") {
      if (argument === 0) begins = start + at + 1;
      const name = /(?:\w+\.\w+|\w+\["\w+"\])\s*$/.exec(text.slice(Math.max(0, at - 80), at));
      const one = functions.find(({ full_name, call }) => [full_name, call].includes(name?.[0].trim() ?? ""));
      if (!one || !name) return null;
      const from = start + at - name[0].length;
      return { one, from, argument: named(one, state.sliceDoc(begins, head)) ?? argument };
    } else argument = 0; // a list or table that is itself an argument
  }
  return null;
}

/** The place of an argument that is given by its name, as Python has it. */
function named(one: GuestFunction, text: string) {
  const name = /^\s*(\w+)\s*=(?!=)/.exec(text)?.[1];
  const at = one.arguments.findIndex((argument) => argument.name === name);
  return at >= 0 ? at : undefined;
}

function described({ one, argument }: Call) {
  const box = document.createElement("div");
  box.className = "editor-tip editor-signature";
  box.setAttribute("role", "status");
  box.setAttribute("aria-label", t("editor.signature"));
  const code = document.createElement("code");
  const last = one.arguments.length - 1;
  code.append(`${one.call}(`);
  for (const [at, given] of one.arguments.entries()) {
    const text = `${given.name}${given.optional ? "?" : ""}: ${given.type}`;
    if (at === argument) {
      const mark = document.createElement("strong");
      mark.textContent = text;
      code.append(mark);
    } else code.append(text);
    if (at < last) code.append(", ");
  }
  code.append(one.returns ? `) → ${one.returns}` : ")");
  const summary = document.createElement("p");
  summary.textContent = one.summary.replaceAll("`", "");
  box.append(code, summary);
  return box;
}
