// What came back from a test request.

import { get } from "../api.js";
import { bytes, duration } from "../format.js";
import { t } from "../i18n.js";
import { html, useEffect, useState } from "../lib.js";
import { href } from "../router.js";
import { Body } from "../ui/body.js";
import { LinkButton } from "../ui/button.js";
import { Card } from "../ui/card.js";
import { CodeBlock } from "../ui/code.js";
import { Segmented } from "../ui/field.js";
import { Empty } from "../ui/state.js";
import { ErrorReport } from "./execution-error.js";
import { HeaderList, HtmlPreview, StatusCode, contentType } from "./execution-response.js";

const REDIRECT = 0; // what browsers tell of a redirect that they do not follow

/** @param {{ outcome: import("./test-send.js").Outcome | null, functionId: string }} props */
export function Response({ outcome, functionId }) {
  const [chosen, setView] = useState("body");
  if (!outcome) return html`<${Card} title=${t("test.response")}><${Empty} title=${t("test.hint")} text=${t("test.hintText")} /><//>`;
  const type = contentType(outcome.headers);
  const views = [
    ["body", t("body.body")],
    ...(outcome.isBase64 || outcome.body === "" ? [] : [["raw", t("body.raw")]]),
    ["headers", t("body.headers")],
    ...(type.includes("text/html") ? [["page", t("body.page")]] : []),
  ];
  const view = views.some(([one]) => one === chosen) ? chosen : "body";
  const title = html`<span class="row">${t("test.response")} <${StatusCode} status=${outcome.status} /></span>`;
  const facts = `${duration(outcome.ms)} · ${bytes(outcome.size)}${type ? ` · ${type}` : ""}`;
  const actions = html`<${Segmented} label=${t("body.view")} value=${view} options=${views} onChange=${setView} />
    ${outcome.executionId && html`<${LinkButton} small href=${href(`/executions/${outcome.executionId}`)}>${t("test.execution")}<//>`}`;
  return html`<div class="stack">
    <${Card} title=${title} subtitle=${facts} actions=${actions}>
      <div role="status" class="visually-hidden">${t("test.answered", { status: outcome.status || "3xx" })}</div>
      ${view === "headers" && html`<${HeaderList} headers=${outcome.headers} />`}
      ${view === "page" && html`<${HtmlPreview} text=${outcome.body} />`}
      ${view === "raw" && html`<${CodeBlock} text=${outcome.body} label=${t("body.raw")} wrap />`}
      ${view === "body" &&
      (outcome.status === REDIRECT
        ? html`<p class="note warn">${t("test.redirect")}</p>`
        : html`<${Body} text=${outcome.body} type=${type} isBase64=${outcome.isBase64} />`)}
    <//>
    ${outcome.report && html`<${ErrorReport} report=${outcome.report} kind=${outcome.kind} functionId=${functionId} />`}
    ${outcome.executionId && html`<${RunLogs} key=${outcome.executionId} id=${outcome.executionId} />`}
  </div>`;
}

/** The log of what was just run. @param {{ id: string }} props */
function RunLogs({ id }) {
  const [lines, setLines] = useState(/** @type {any[]} */ ([]));
  useEffect(() => {
    get(`/api/executions/${id}/logs`, { query: { limit: 100 } }).then((found) => setLines(found.logs), () => {});
  }, [id]);
  if (lines.length === 0) return null;
  return html`<${Card} title=${t("logs.title")}>
    <pre class="code wrap" role="group" tabindex="0" aria-label=${t("logs.title")}>${lines.map((one) => `${one.level.padEnd(5)} ${one.message}`).join("\n")}</pre>
  <//>`;
}
