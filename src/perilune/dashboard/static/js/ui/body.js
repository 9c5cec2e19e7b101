// A body in the form that suits its type, and in the other forms that it has.

import { t } from "../i18n.js";
import { html, useMemo, useState } from "../lib.js";
import { CodeBlock, JsonBlock } from "./code.js";
import { Segmented } from "./field.js";
import { JsonTree } from "./json-tree.js";

const HEX_ROW = 16;
const HEX_SHOWN = 16 * 1024; // bytes
const IMAGE = /^image\/(?:png|jpeg|gif|webp|avif|svg\+xml)/;

/**
 * @param {{ text: string, type: string, isBase64?: boolean }} props  *type* as in the header
 */
export function Body({ text, type, isBase64 = false }) {
  const bytes = useMemo(() => bytesOf(text, isBase64), [text, isBase64]);
  const json = useMemo(() => (isBase64 ? undefined : parsed(text, type)), [text, type, isBase64]);
  const views = viewsOf({ type, isBase64, isJson: json !== undefined, hasBytes: bytes !== null });
  const [chosen, setChosen] = useState("");
  if (text === "") return html`<p class="muted">${t("body.empty")}</p>`;
  const view = views.find((one) => one === chosen) ?? views[0];
  const label = t("body.body");
  return html`<div class="stack-s">
    ${views.length > 1 &&
    html`<div><${Segmented} label=${t("body.form")} value=${view} onChange=${setChosen}
      options=${views.map((one) => [one, t(/** @type {any} */ (`bodyForm.${one}`))])} /></div>`}
    ${view === "formatted" && html`<${JsonBlock} text=${text} label=${label} />`}
    ${view === "tree" && html`<${JsonTree} value=${json} label=${label} />`}
    ${view === "image" && html`<img class="preview-image" src=${imageAddress(text, type, isBase64)} alt=${t("body.image")} />`}
    ${view === "text" && html`<${CodeBlock} text=${text} label=${label} wrap />`}
    ${view === "base64" && html`<${CodeBlock} text=${text} label=${label} wrap />`}
    ${view === "hex" && bytes && html`<${Hex} bytes=${bytes} label=${label} />`}
  </div>`;
}

/** @param {{ type: string, isBase64: boolean, isJson: boolean, hasBytes: boolean }} of */
function viewsOf({ type, isBase64, isJson, hasBytes }) {
  return [
    ...(IMAGE.test(type) && (isBase64 ? hasBytes : type.startsWith("image/svg")) ? ["image"] : []),
    ...(isJson ? ["formatted", "tree"] : []),
    ...(isBase64 ? [] : ["text"]),
    ...(hasBytes ? ["hex"] : []),
    ...(isBase64 ? ["base64"] : []),
  ];
}

/** @param {{ bytes: Uint8Array, label: string }} props */
function Hex({ bytes, label }) {
  const text = useMemo(() => hexDump(bytes.subarray(0, HEX_SHOWN)), [bytes]);
  return html`<${CodeBlock} text=${text} label=${label} copy=${false} />
    ${bytes.length > HEX_SHOWN && html`<p class="hint">${t("body.bytesShown", { shown: HEX_SHOWN, total: bytes.length })}</p>`}`;
}

/**
 * Lines of an offset, sixteen bytes, and what of them is ASCII.
 *
 * @param {Uint8Array} bytes
 */
export function hexDump(bytes) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += HEX_ROW) {
    const row = [...bytes.subarray(at, at + HEX_ROW)];
    const numbers = row.map((one) => one.toString(16).padStart(2, "0")).join(" ");
    const letters = row.map((one) => (one >= 0x20 && one < 0x7f ? String.fromCharCode(one) : "·")).join("");
    lines.push(`${at.toString(16).padStart(8, "0")}  ${numbers.padEnd(HEX_ROW * 3 - 1)}  ${letters}`);
  }
  return lines.join("\n");
}

/**
 * @param {string} text
 * @param {boolean} isBase64
 * @returns {Uint8Array | null}  null for base64 that was cut or is none
 */
function bytesOf(text, isBase64) {
  if (!isBase64) return new TextEncoder().encode(text);
  try {
    return Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  } catch {
    return null;
  }
}

/**
 * @param {string} text
 * @param {string} type
 */
function parsed(text, type) {
  if (!type.includes("json") && !/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * @param {string} text
 * @param {string} type
 * @param {boolean} isBase64
 */
function imageAddress(text, type, isBase64) {
  const kind = type.split(";")[0];
  return isBase64 ? `data:${kind};base64,${text}` : `data:${kind},${encodeURIComponent(text)}`;
}
