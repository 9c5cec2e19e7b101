// A body in the form that suits its type, and in the other forms that it has.

import { useMemo, useState } from "preact/hooks";
import { t } from "../i18n.ts";
import { CodeBlock, JsonBlock } from "./code.tsx";
import { Segmented } from "./field.tsx";
import { JsonTree } from "./json-tree.tsx";

type View = "image" | "formatted" | "tree" | "text" | "hex" | "base64";

const HEX_ROW = 16;
const HEX_SHOWN = 16 * 1024; // bytes
const IMAGE = /^image\/(?:png|jpeg|gif|webp|avif|svg\+xml)/;

/** @param props  *type* as in the header */
export function Body({ text, type, isBase64 = false }: { text: string; type: string; isBase64?: boolean }) {
  const bytes = useMemo(() => bytesOf(text, isBase64), [text, isBase64]);
  const json = useMemo(() => (isBase64 ? undefined : parsed(text, type)), [text, type, isBase64]);
  const views = viewsOf({ type, isBase64, isJson: json !== undefined, hasBytes: bytes !== null });
  const [chosen, setChosen] = useState<View | "">("");
  if (text === "") return <p class="muted">{t("body.empty")}</p>;
  const view = views.find((one) => one === chosen) ?? views[0] ?? "text";
  const label = t("body.body");
  return <div class="stack-s">
    {views.length > 1 &&
    <div><Segmented label={t("body.form")} value={view} onChange={setChosen}
      options={views.map((one) => [one, t(`bodyForm.${one}`)])} /></div>}
    {view === "formatted" && <JsonBlock text={text} label={label} />}
    {view === "tree" && <JsonTree value={json} label={label} />}
    {view === "image" && <img class="preview-image" src={imageAddress(text, type, isBase64)} alt={t("body.image")} />}
    {view === "text" && <CodeBlock text={text} label={label} wrap />}
    {view === "base64" && <CodeBlock text={text} label={label} wrap />}
    {view === "hex" && bytes && <Hex bytes={bytes} label={label} />}
  </div>;
}

function viewsOf({ type, isBase64, isJson, hasBytes }: {
  type: string;
  isBase64: boolean;
  isJson: boolean;
  hasBytes: boolean;
}): View[] {
  return [
    ...(IMAGE.test(type) && (isBase64 ? hasBytes : type.startsWith("image/svg")) ? ["image" as const] : []),
    ...(isJson ? ["formatted" as const, "tree" as const] : []),
    ...(isBase64 ? [] : ["text" as const]),
    ...(hasBytes ? ["hex" as const] : []),
    ...(isBase64 ? ["base64" as const] : []),
  ];
}

function Hex({ bytes, label }: { bytes: Uint8Array; label: string }) {
  const text = useMemo(() => hexDump(bytes.subarray(0, HEX_SHOWN)), [bytes]);
  return <><CodeBlock text={text} label={label} copy={false} />
    {bytes.length > HEX_SHOWN && <p class="hint">{t("body.bytesShown", { shown: HEX_SHOWN, total: bytes.length })}</p>}</>;
}

/** Lines of an offset, sixteen bytes, and what of them is ASCII. */
function hexDump(bytes: Uint8Array) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += HEX_ROW) {
    const row = [...bytes.subarray(at, at + HEX_ROW)];
    const numbers = row.map((one) => one.toString(16).padStart(2, "0")).join(" ");
    const letters = row.map((one) => (one >= 0x20 && one < 0x7f ? String.fromCharCode(one) : "·")).join("");
    lines.push(`${at.toString(16).padStart(8, "0")}  ${numbers.padEnd(HEX_ROW * 3 - 1)}  ${letters}`);
  }
  return lines.join("\n");
}

/** @returns null for base64 that was cut or is none */
function bytesOf(text: string, isBase64: boolean): Uint8Array | null {
  if (!isBase64) return new TextEncoder().encode(text);
  try {
    return Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  } catch {
    return null;
  }
}

function parsed(text: string, type: string) {
  if (!type.includes("json") && !/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function imageAddress(text: string, type: string, isBase64: boolean) {
  const kind = type.split(";")[0];
  return isBase64 ? `data:${kind};base64,${text}` : `data:${kind},${encodeURIComponent(text)}`;
}
