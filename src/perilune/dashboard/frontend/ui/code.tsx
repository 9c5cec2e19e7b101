// Texts with a fixed pitch: code, JSON, anything raw.

import { useMemo } from "preact/hooks";
import { t } from "../i18n.ts";
import { CopyButton } from "./button.tsx";

const MAX_SHOWN = 100_000;

export function CodeBlock({ text, label, wrap = false, copy = true }: {
  text: string;
  label: string;
  wrap?: boolean;
  copy?: boolean;
}) {
  const isCut = text.length > MAX_SHOWN;
  return <div class="code-block">
    {copy && <div class="code-copy"><CopyButton text={text} what={label} /></div>}
    <pre class={`code ${wrap ? "wrap" : ""}`} role="group" tabindex={0} aria-label={label}>{isCut ? text.slice(0, MAX_SHOWN) : text}</pre>
    {isCut && <p class="hint">{t("code.cut", { shown: MAX_SHOWN, total: text.length })}</p>}
  </div>;
}

/** JSON with colours; text that is none is shown as it is. */
export function JsonBlock({ text, label }: { text: string; label: string }) {
  const pretty = useMemo(() => prettyJson(text), [text]);
  if (pretty === null || pretty.length > MAX_SHOWN) {
    return <CodeBlock text={pretty ?? text} label={label} wrap />;
  }
  return <div class="code-block">
    <div class="code-copy"><CopyButton text={pretty} what={label} /></div>
    <pre class="code wrap" role="group" tabindex={0} aria-label={label}>{coloured(pretty)}</pre>
  </div>;
}

/** *text* with indentation, or null if it is not JSON. */
export function prettyJson(text: string) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return null;
  }
}

function coloured(pretty: string) {
  const parts = [];
  let end = 0;
  const token = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
  for (const found of pretty.matchAll(token)) {
    if (found.index > end) parts.push(pretty.slice(end, found.index));
    const kind = found[1] ? (found[2] ? "propertyName" : "string") : /^[-\d]/.test(found[0]) ? "number" : "atom";
    const word = found[1] ?? found[0];
    parts.push(<span class={`tok-${kind}`}>{word}</span>, found[2] ?? "");
    end = found.index + found[0].length;
  }
  parts.push(pretty.slice(end));
  return parts;
}
