// What functions can call, for completion, hover and the reference beside the editor.

import { get } from "../api.js";

/**
 * @typedef {object} GuestFunction
 * @property {string} name
 * @property {string} full_name
 * @property {string} call  how the call begins
 * @property {string} signature
 * @property {string} returns
 * @property {string} summary
 * @property {string} example
 * @property {Record<string, string>} examples  by language
 * @property {{ name: string, type: string, optional: boolean }[]} arguments
 */

/** @typedef {{ name: string, summary: string, functions: GuestFunction[] }} GuestModule */

/** @type {Promise<GuestModule[]> | null} */
let loading = null;

/** The modules of the guest API, asked for once. */
export function guestApi() {
  loading ??= get("/api/guest-api.json").then(
    (document) => document.modules,
    (problem) => {
      loading = null;
      throw problem;
    },
  );
  return loading;
}

/**
 * The modules as code in a language names and calls them.
 *
 * @param {GuestModule[]} modules  as Lua has them
 * @param {string} runtime
 * @returns {GuestModule[]}
 */
export function inLanguage(modules, runtime) {
  if (runtime === "lua") return modules;
  const named = runtime === "python" ? snakeCase : camelCase;
  return modules.map((module) => ({
    ...module,
    functions: module.functions.map((one) => {
      const full_name = `${module.name}.${named(one.name)}`;
      return {
        ...one,
        name: named(one.name),
        full_name,
        call: full_name,
        signature: one.signature.replace(/^[^(]+/, full_name),
        returns: "", // described in the words of Lua
        example: one.examples[runtime] ?? "",
      };
    }),
  }));
}

/** @param {string} name */
const camelCase = (name) => name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());

/** @param {string} name */
const snakeCase = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/**
 * Completion and hover for these modules.
 *
 * @param {import("./editor.js").CodeMirror} cm
 * @param {GuestModule[]} modules
 */
export function guestHelp(cm, modules) {
  return [cm.autocompletion({ override: [(context) => complete(cm, modules, context)] }), hover(cm, modules)];
}

/**
 * @param {import("./editor.js").CodeMirror} cm
 * @param {GuestModule[]} modules
 * @param {import("@codemirror/autocomplete").CompletionContext} context
 */
function complete(cm, modules, context) {
  const member = context.matchBefore(/\b(\w+)\.(\w*)$/);
  if (member) {
    const [name = ""] = member.text.split(".");
    const found = modules.find((one) => one.name === name);
    // Only the members, and only what stands behind the dot is replaced (KD-184).
    if (!found) return null;
    return { from: member.from + name.length + 1, options: found.functions.map((one) => completion(cm, one)) };
  }
  const word = context.matchBefore(/\w+$/);
  if (!word && !context.explicit) return null;
  const from = word ? word.from : context.pos;
  return {
    from,
    options: [
      ...modules.map((one) => ({ label: one.name, type: "namespace", detail: one.summary })),
      ...wordsOf(context, from).map((label) => ({ label, type: "variable", boost: -10 })),
    ],
  };
}

/**
 * @param {import("./editor.js").CodeMirror} cm
 * @param {GuestFunction} one
 */
function completion(cm, one) {
  const places = one.arguments
    .filter((argument) => !argument.optional)
    .map((argument) => `\${${argument.name}}`)
    .join(", ");
  const shown = {
    label: one.name,
    type: "function",
    detail: one.signature.slice(one.signature.indexOf("(")),
    info: one.summary,
  };
  if (one.call === one.full_name) return cm.snippetCompletion(`${one.name}(${places})`, shown);
  // A name that is reserved, as in strings["repeat"]: what stands before the dot is replaced too.
  const made = cm.snippetCompletion(`${one.call}(${places})`, shown);
  const before = one.full_name.length - one.name.length;
  /** @type {typeof made.apply} */
  const apply = (view, completion, from, to) =>
    typeof made.apply === "function" && made.apply(view, completion, from - before, to);
  return { ...made, apply };
}

/**
 * Other names in the text.
 *
 * @param {import("@codemirror/autocomplete").CompletionContext} context
 * @param {number} from  where the word being written begins
 */
function wordsOf(context, from) {
  const text = context.state.doc.toString();
  const others = `${text.slice(0, from)} ${text.slice(context.pos)}`;
  return [...new Set(others.match(/\b[A-Za-z_]\w{2,}\b/g) ?? [])].slice(0, 500);
}

/**
 * @param {import("./editor.js").CodeMirror} cm
 * @param {GuestModule[]} modules
 */
function hover(cm, modules) {
  return cm.hoverTooltip((view, position) => {
    const line = view.state.doc.lineAt(position);
    for (const found of line.text.matchAll(/\b(\w+)\.(\w+)/g)) {
      const from = line.from + found.index;
      const to = from + found[0].length;
      if (position < from || position > to) continue;
      const one = modules.flatMap((module) => module.functions).find(({ full_name }) => full_name === found[0]);
      if (one) return { pos: from, end: to, above: true, create: () => ({ dom: described(one) }) };
    }
    return null;
  });
}

/** @param {GuestFunction} one */
function described(one) {
  const box = document.createElement("div");
  box.className = "editor-tip";
  const signature = document.createElement("code");
  signature.textContent = one.returns ? `${one.signature} → ${one.returns}` : one.signature;
  const summary = document.createElement("p");
  summary.textContent = one.summary;
  box.append(signature, summary);
  return box;
}
