// What a function answered, if that was stored: as text, as JSON, as a page.

import { t } from "../i18n.js";
import { html, useState } from "../lib.js";
import { Badge } from "../ui/badge.js";
import { Body } from "../ui/body.js";
import { Card } from "../ui/card.js";
import { CodeBlock, JsonBlock } from "../ui/code.js";
import { Segmented } from "../ui/field.js";

/** @param {{ text: string | undefined }} props */
export function StoredResponse({ text }) {
  const response = parsed(text);
  if (!text) {
    return html`<${Card} title=${t("execution.response")}><p class="muted">${t("execution.noResponse")}</p><//>`;
  }
  if (!response) {
    // A record that can't be read is shown as it is (KD-185).
    return html`<${Card} title=${t("execution.response")}><${CodeBlock} text=${text} label=${t("execution.response")} wrap /><//>`;
  }
  return html`<${ResponseCard} status=${response.statusCode} headers=${response.headers ?? {}} body=${String(response.body ?? "")}
    isBase64=${response.isBase64Encoded === true} raw=${text} />`;
}

/**
 * @param {{
 *   status: number,
 *   headers: Record<string, string | string[]>,
 *   body: string,
 *   isBase64: boolean,
 *   raw: string,
 * }} props
 */
function ResponseCard({ status, headers, body, isBase64, raw }) {
  const type = contentType(headers);
  const views = /** @type {[string, string][]} */ ([
    ...(type.includes("text/html") && !isBase64 ? [["page", t("body.page")]] : []),
    ["body", t("body.body")],
    ["headers", t("body.headers")],
    ["raw", t("body.raw")],
  ]);
  const [view, setView] = useState(views[0]?.[0] ?? "body");
  const title = html`<span class="row">${t("execution.response")}<${StatusCode} status=${status} /></span>`;
  const actions = html`<${Segmented} label=${t("body.view")} value=${view} options=${views} onChange=${setView} />`;
  return html`<${Card} title=${title} actions=${actions}>
    ${view === "page" && html`<${HtmlPreview} text=${body} />`}
    ${view === "body" && html`<${Body} text=${body} type=${type} isBase64=${isBase64} />`}
    ${view === "headers" && html`<${HeaderList} headers=${headers} />`}
    ${view === "raw" && html`<${JsonBlock} text=${raw} label=${t("execution.response")} />`}
    <${StoredNotes} text=${raw} />
  <//>`;
}

/** @param {{ headers: Record<string, string | string[]> }} props */
export function HeaderList({ headers }) {
  const names = Object.keys(headers).sort();
  if (names.length === 0) return html`<p class="muted">${t("body.noHeaders")}</p>`;
  return html`<dl class="facts mono">
    ${names.map((name) => html`<dt key=${name}>${name}</dt><dd>${[headers[name]].flat().join(", ")}</dd>`)}
  </dl>`;
}

/** A page of a function: no scripts, no origin, nothing from elsewhere (KD-23). @param {{ text: string }} props */
export function HtmlPreview({ text }) {
  const policy = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">`;
  return html`<iframe class="preview" sandbox="" referrerpolicy="no-referrer" title=${t("body.page")} srcdoc=${policy + text}></iframe>`;
}

/** @param {{ status: number }} props  0 is a redirect that the browser keeps to itself */
export function StatusCode({ status }) {
  if (status === 0) return html`<${Badge} tone="info">3xx<//>`;
  const tone = status < 300 ? "good" : status < 400 ? "info" : status < 500 ? "warn" : "bad";
  return html`<${Badge} tone=${tone}>${status}<//>`;
}

/** @param {Record<string, string | string[]>} headers */
export function contentType(headers) {
  const name = Object.keys(headers).find((one) => one.toLowerCase() === "content-type");
  return name ? String([headers[name]].flat()[0]).toLowerCase() : "";
}

/** The object in a JSON text; null if there is none. @param {string | undefined} text */
export function parsed(text) {
  try {
    const value = JSON.parse(text ?? "null");
    return value && typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

/** What a stored text is not what it was. @param {{ text: string }} props */
export function StoredNotes({ text }) {
  return html`${text.includes("[TRUNCATED") && html`<p class="note warn" role="note">${t("execution.truncated")}</p>`}
  ${text.includes("[REDACTED]") && html`<p class="note" role="note">${t("execution.masked")}</p>`}`;
}
