// What functions can call, for completion, hover and the reference beside the editor.

import { get } from "../api.ts";
import { completion } from "./completion.ts";
import type { CodeMirror } from "./editor.tsx";
import { signatureHelp } from "./signature.ts";

export interface GuestFunction {
  name: string;
  full_name: string;
  call: string; // how the call begins
  signature: string;
  returns: string;
  summary: string;
  example: string;
  examples: Record<string, string>; // by language
  instead: Record<string, string>; // what languages have of their own that lack it
  arguments: { name: string; type: string; optional: boolean }[];
}

type GuestModule = { name: string; summary: string; functions: GuestFunction[] };

type GuestObject = { name: string; summary: string; members: { name: string; type: string; summary: string }[] };

/** *handler* is what handlers get. */
export type GuestApi = { modules: GuestModule[]; handler: GuestObject[] };

let loading: Promise<GuestApi> | null = null;

/** What functions can use, asked for once. */
export function guestApi() {
  loading ??= get<GuestApi>("/api/guest-api.json").catch((problem) => {
    loading = null;
    throw problem;
  });
  return loading;
}

/**
 * The same as code in a language names and calls it.
 *
 * @param api  as Lua has it
 */
export function inLanguage(api: GuestApi, runtime: string): GuestApi {
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

const camelCase = (name: string) => name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());

const snakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Completion, signatures and hover for this language. */
export function guestHelp(cm: CodeMirror, api: GuestApi, runtime: string) {
  const functions = api.modules.flatMap((module) => module.functions);
  return [completion(cm, api, runtime), signatureHelp(cm, functions), hover(cm, api)];
}

function hover(cm: CodeMirror, api: GuestApi) {
  const known = new Map<string, { head: string; summary: string }>();
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

function described({ head, summary }: { head: string; summary: string }) {
  const box = document.createElement("div");
  box.className = "editor-tip";
  const signature = document.createElement("code");
  signature.textContent = head;
  const text = document.createElement("p");
  text.textContent = summary.replaceAll("`", "");
  box.append(signature, text);
  return box;
}
