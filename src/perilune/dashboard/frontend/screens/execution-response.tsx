// What a function answered, if that was stored: as text, as JSON, as a page.

import { useState } from "preact/hooks";
import { t } from "../i18n.ts";
import { Badge } from "../ui/badge.tsx";
import { Body } from "../ui/body.tsx";
import { Card } from "../ui/card.tsx";
import { CodeBlock, JsonBlock } from "../ui/code.tsx";
import { Segmented } from "../ui/field.tsx";

/** @param props  *reason* says why there is none */
export function StoredResponse({ text, reason }: { text: string | undefined; reason: string }) {
  const response = parsed(text);
  if (!text) {
    return <Card title={t("execution.response")}><p class="muted">{reason}</p></Card>;
  }
  if (!response) {
    // A record that can't be read is shown as it is (KD-185).
    return <Card title={t("execution.response")}><CodeBlock text={text} label={t("execution.response")} wrap /></Card>;
  }
  return <ResponseCard status={response.statusCode} headers={response.headers ?? {}} body={String(response.body ?? "")}
    isBase64={response.isBase64Encoded === true} raw={text} />;
}

function ResponseCard({ status, headers, body, isBase64, raw }: {
  status: number;
  headers: Record<string, string | string[]>;
  body: string;
  isBase64: boolean;
  raw: string;
}) {
  const type = contentType(headers);
  const views = [
    ...(type.includes("text/html") && !isBase64 ? [["page", t("body.page")]] : []),
    ["body", t("body.body")],
    ["headers", t("body.headers")],
    ["raw", t("body.raw")],
  ] as [string, string][];
  const [view, setView] = useState(views[0]?.[0] ?? "body");
  const title = <span class="row">{t("execution.response")}<StatusCode status={status} /></span>;
  const actions = <Segmented label={t("body.view")} value={view} options={views} onChange={setView} />;
  return <Card title={title} actions={actions}>
    {view === "page" && <HtmlPreview text={body} />}
    {view === "body" && <Body text={body} type={type} isBase64={isBase64} />}
    {view === "headers" && <HeaderList headers={headers} />}
    {view === "raw" && <JsonBlock text={raw} label={t("execution.response")} />}
    <StoredNotes text={raw} />
  </Card>;
}

export function HeaderList({ headers }: { headers: Record<string, string | string[]> }) {
  const names = Object.keys(headers).sort();
  if (names.length === 0) return <p class="muted">{t("body.noHeaders")}</p>;
  return <dl class="facts mono">
    {names.map((name) => <><dt key={name}>{name}</dt><dd>{[headers[name]].flat().join(", ")}</dd></>)}
  </dl>;
}

/** A page of a function: no scripts, no origin, nothing from elsewhere (KD-23). */
export function HtmlPreview({ text }: { text: string }) {
  const policy = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">`;
  return <iframe class="preview" sandbox="" referrerpolicy="no-referrer" title={t("body.page")} srcdoc={policy + text}></iframe>;
}

/** @param props  0 is a redirect that the browser keeps to itself */
export function StatusCode({ status }: { status: number }) {
  if (status === 0) return <Badge tone="info">3xx</Badge>;
  const tone = status < 300 ? "good" : status < 400 ? "info" : status < 500 ? "warn" : "bad";
  return <Badge tone={tone}>{status}</Badge>;
}

export function contentType(headers: Record<string, string | string[]>) {
  const name = Object.keys(headers).find((one) => one.toLowerCase() === "content-type");
  return name ? String([headers[name]].flat()[0]).toLowerCase() : "";
}

/** The object in a JSON text; null if there is none. */
export function parsed(text: string | undefined) {
  try {
    const value = JSON.parse(text ?? "null");
    return value && typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

/** What a stored text is not what it was. */
export function StoredNotes({ text }: { text: string }) {
  return <>{text.includes("[TRUNCATED") && <p class="note warn" role="note">{t("execution.truncated")}</p>}
  {text.includes("[REDACTED]") && <p class="note" role="note">{t("execution.masked")}</p>}</>;
}
