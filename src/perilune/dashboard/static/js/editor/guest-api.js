// What functions can call, for completion, hover and the reference beside the editor.

import { get } from "../api.js";
import { completion } from "./completion.js";
import { signatureHelp } from "./signature.js";

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
 * @property {Record<string, string>} instead  what languages have of their own that lack it
 * @property {{ name: string, type: string, optional: boolean }[]} arguments
 */

/** @typedef {{ name: string, summary: string, functions: GuestFunction[] }} GuestModule */

/** @typedef {{ name: string, summary: string, members: { name: string, type: string, summary: string }[] }} GuestObject */

/** @typedef {{ modules: GuestModule[], handler: GuestObject[] }} GuestApi  *handler*: what handlers get */

/** @type {Promise<GuestApi> | null} */
let loading = null;

/** What functions can use, asked for once. */
export function guestApi() {
  loading ??= get("/api/guest-api.json").then(
    ({ modules, handler }) => ({ modules, handler }),
    (problem) => {
      loading = null;
      throw problem;
    },
  );
  return loading;
}

/**
 * The same as code in a language names and calls it.
 *
 * @param {GuestApi} api  as Lua has it
 * @param {string} runtime
 * @returns {GuestApi}
 */
export function inLanguage(api, runtime) {
  if (runtime === "lua") return api;
  const named = runtime === "python" ? snakeCase : camelCase;
  const handler = api.handler.map((object) => ({
    ...object,
    members: object.members.map((one) => ({ ...one, name: named(one.name) })),
  }));
  const modules = api.modules.map((module) => ({
    ...module,
    functions: module.functions.filter((one) => !(runtime in one.instead)).map((one) => {
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
  })).filter((module) => module.functions.length > 0);
  return { modules, handler };
}

/** @param {string} name */
const camelCase = (name) => name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());

/** @param {string} name */
const snakeCase = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/**
 * Completion, signatures and hover for this language.
 *
 * @param {import("./editor.js").CodeMirror} cm
 * @param {GuestApi} api
 * @param {string} runtime
 */
export function guestHelp(cm, api, runtime) {
  const functions = api.modules.flatMap((module) => module.functions);
  return [completion(cm, api, runtime), signatureHelp(cm, functions), hover(cm, api)];
}

/**
 * @param {import("./editor.js").CodeMirror} cm
 * @param {GuestApi} api
 */
function hover(cm, api) {
  /** @type {Map<string, { head: string, summary: string }>} */
  const known = new Map();
  for (const one of api.modules.flatMap((module) => module.functions)) {
    known.set(one.full_name, { head: one.returns ? `${one.signature} → ${one.returns}` : one.signature, summary: one.summary });
  }
  for (const object of api.handler) {
    for (const { name, type, summary } of object.members) {
      known.set(`${object.name}.${name}`, { head: `${object.name}.${name}: ${type}`, summary });
    }
  }
  return cm.hoverTooltip((view, position) => {
    const line = view.state.doc.lineAt(position);
    for (const found of line.text.matchAll(/\b(\w+)\.(\w+)/g)) {
      const from = line.from + found.index;
      const to = from + found[0].length;
      if (position < from || position > to) continue;
      const one = known.get(found[0]);
      if (one) return { pos: from, end: to, above: true, create: () => ({ dom: described(one) }) };
    }
    return null;
  });
}

/** @param {{ head: string, summary: string }} one */
function described({ head, summary }) {
  const box = document.createElement("div");
  box.className = "editor-tip";
  const signature = document.createElement("code");
  signature.textContent = head;
  const text = document.createElement("p");
  text.textContent = summary.replaceAll("`", "");
  box.append(signature, text);
  return box;
}
