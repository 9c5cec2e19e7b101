// What is offered while code is written: the guest API, names of the code, the language.

import type { Completion, CompletionContext, CompletionSource } from "@codemirror/autocomplete";
import type { EditorView } from "@codemirror/view";
import { hasTemplates, templateCode } from "../templates.ts";
import type { CodeMirror } from "./editor.tsx";
import type { GuestApi, GuestFunction } from "./guest-api.ts";
import { isQuoted } from "./quoted.ts";
import { luaMembers, luaNames } from "./symbols-lua.ts";

/** Names under which whole examples are offered, and the template of each. */
const EXAMPLES = {
  handler: "blank",
  "example-hello": "http",
  "example-api": "api",
  "example-router": "router",
  "example-counter": "counter",
  "example-cron": "cron",
  "example-webhook": "webhook",
  "example-ai-chat": "aiChat",
  "example-email": "email",
};

export function completion(cm: CodeMirror, api: GuestApi, runtime: string) {
  const sources = [members(cm, api, runtime), moduleNames(api), examples(runtime), ...localNames(cm, runtime)];
  const override = sources.map(
    (source) => (context: CompletionContext) =>
      isQuoted(cm, context.state, context.pos) ? null : source(context),
  );
  return cm.autocompletion({ override });
}

/** Behind the dot only the members, and only what stands there is replaced (KD-184). */
function members(cm: CodeMirror, api: GuestApi, runtime: string): CompletionSource {
  return (context) => {
    const found = context.matchBefore(/(?:^|[^.\w])(\w+)\.(\w*)$/);
    const [, name = ""] = /(\w+)\.\w*$/.exec(found?.text ?? "") ?? [];
    const from = context.pos - (/\w*$/.exec(found?.text ?? "")?.[0].length ?? 0);
    const module = api.modules.find((one) => one.name === name);
    if (module) return { from, options: module.functions.map((one) => functionOffer(cm, one)), validFor: /^\w*$/ };
    const object = api.handler.find((one) => one.name === name);
    if (object) {
      return {
        from,
        options: object.members.map((one) => ({ label: one.name, type: "property", detail: one.type, info: plain(one.summary) })),
        validFor: /^\w*$/,
      };
    }
    const options = found && runtime === "lua" ? luaMembers(name) : [];
    return options.length > 0 ? { from, options, validFor: /^\w*$/ } : null;
  };
}

function moduleNames(api: GuestApi): CompletionSource {
  const options = api.modules.map((one) => ({ label: one.name, type: "namespace", detail: plain(one.summary), boost: 1 }));
  return (context) => {
    const word = wordBefore(context);
    return word && { from: word.from, options, validFor: /^\w*$/ };
  };
}

/** Whole functions, for the beginning of a line. */
function examples(runtime: string): CompletionSource {
  const options = Object.entries(EXAMPLES).map(([label, template]) => ({
    label,
    type: "text",
    apply: (view: EditorView, _: Completion, from: number, to: number) => {
      templateCode(template, runtime).then(
        (insert) => view.dispatch({ changes: { from, to, insert }, selection: { anchor: from + insert.length } }),
        () => {}, // without the network the word stays
      );
    },
  }));
  return (context) => {
    const word = context.matchBefore(/^[a-z][a-z-]*/);
    if (!hasTemplates(runtime) || !word || word.from !== context.state.doc.lineAt(context.pos).from) return null;
    return { from: word.from, options, validFor: /^[a-z-]*$/ };
  };
}

function localNames(cm: CodeMirror, runtime: string): CompletionSource[] {
  if (runtime === "python") return [cm.pythonLocals, cm.pythonGlobals];
  if (runtime === "typescript") return [cm.javascriptLocals, cm.completeFromList(cm.typescriptSnippets)];
  if (runtime === "javascript") return [cm.javascriptLocals, cm.completeFromList(cm.javascriptSnippets)];
  return [
    (context) => {
      const word = wordBefore(context);
      if (!word) return null;
      const { doc } = context.state;
      // The word being written is no name yet.
      const others = `${doc.sliceString(0, word.from)} ${doc.sliceString(context.pos)}`;
      return { from: word.from, options: luaNames(others), validFor: /^\w*$/ };
    },
  ];
}

/** The word that is being written; null behind a dot, and where nothing was begun or asked for. */
function wordBefore(context: CompletionContext) {
  const word = context.matchBefore(/\w+$/) ?? { from: context.pos, text: "" };
  const before = context.state.sliceDoc(Math.max(0, word.from - 1), word.from);
  if (/[.:]/.test(before) || /^\d/.test(word.text) || (!word.text && !context.explicit)) return null;
  return word;
}

function functionOffer(cm: CodeMirror, one: GuestFunction) {
  const places = one.arguments
    .filter((argument) => !argument.optional)
    .map((argument) => `\${${argument.name}}`)
    .join(", ");
  const shown = {
    label: one.name,
    type: "function",
    detail: one.signature.slice(one.signature.indexOf("(")),
    info: plain(one.summary),
  };
  if (one.call === one.full_name) return cm.snippetCompletion(`${one.name}(${places})`, shown);
  // A name that is reserved, as in strings["repeat"]: what stands before the dot is replaced too.
  const made = cm.snippetCompletion(`${one.call}(${places})`, shown);
  const before = one.full_name.length - one.name.length;
  const apply: typeof made.apply = (view, completion_, from, to) =>
    typeof made.apply === "function" && made.apply(view, completion_, from - before, to);
  return { ...made, apply };
}

/** Marks of code say nothing here. */
const plain = (text: string) => text.replaceAll("`", "");
