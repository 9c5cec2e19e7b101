// Tries a function: sends exactly what is shown, and shows exactly what came back.

import { call, get, post } from "../api.js";
import { draftOf } from "../editor/draft.js";
import { errorText } from "../errors.js";
import { bytes, duration } from "../format.js";
import { t } from "../i18n.js";
import { html, useEffect, useState } from "../lib.js";
import { read, write } from "../preferences.js";
import { useAction } from "../resource.js";
import { href } from "../router.js";
import { Badge } from "../ui/badge.js";
import { Button, CopyButton, LinkButton } from "../ui/button.js";
import { Card } from "../ui/card.js";
import { CodeBlock } from "../ui/code.js";
import { Segmented, SelectField } from "../ui/field.js";
import { FunctionFrame } from "../ui/function-frame.js";
import { Empty } from "../ui/state.js";
import { toast } from "../ui/toast.js";
import { ErrorReport } from "./execution-error.js";
import { Body, HeaderList, HtmlPreview, StatusCode, contentType } from "./execution-response.js";
import { EXAMPLE_LANGUAGES, exampleCode } from "./test-examples.js";
import { RequestForm } from "./test-form.js";
import {
  addressOf,
  cronRequest,
  emptyRequest,
  headersOf,
  isOfScheduler,
  pathOf,
  requestOfEvent,
} from "./test-request.js";

/** @typedef {import("./test-request.js").TestRequest} TestRequest */

/**
 * @typedef {object} Outcome
 * @property {number} status
 * @property {Record<string, string | string[]>} headers
 * @property {string} body
 * @property {boolean} isBase64
 * @property {number} ms
 * @property {string} executionId
 * @property {string} [report]  what went wrong, when a draft was tried
 * @property {string} [kind]
 */

const HISTORY_KEPT = 10;
const REDIRECT = 0; // what browsers tell of a redirect that they do not follow

/** @param {import("../routes.js").ScreenProps} props */
export default function Test({ params, query }) {
  const id = params["id"] ?? "";
  return html`<${FunctionFrame} id=${id} tab="test">
    ${(/** @type {any} */ data) => html`<${Bench} key=${id} data=${data} from=${query.get("from")} />`}
  <//>`;
}

/** @param {{ data: any, from: string | null }} props */
function Bench({ data, from }) {
  const [history, remember] = useHistory(data.id);
  const [request, setRequest] = useState(/** @type {TestRequest} */ (history[0] ?? emptyRequest()));
  const [outcome, setOutcome] = useState(/** @type {Outcome | null} */ (null));
  const draft = draftOf(data.id);
  const [target, setTarget] = useState("active");
  useEvent(from, setRequest);
  const [isBusy, send] = useAction(async () => {
    remember(request);
    try {
      if (target === "draft" && draft) setOutcome(await tryOut(data.id, draft.code, request));
      // Over the network nobody may say that they are the scheduler.
      else if (isOfScheduler(request)) setOutcome(await tryOut(data.id, null, request));
      else setOutcome(await callFunction(data.id, request));
    } catch (problem) {
      toast("bad", errorText(problem));
    }
  });
  const actions = html`
    ${draft &&
    html`<${Segmented} label=${t("test.code")} value=${target} onChange=${setTarget}
      options=${[["active", t("test.active", { version: data.active_version?.version ?? 0 })], ["draft", t("test.draft")]]} />`}
    <${Button} small icon="clock" onClick=${() => setRequest(cronRequest(data))}>${t("test.cron")}<//>
    <${Button} small icon="undo" onClick=${() => setRequest(emptyRequest())}>${t("test.reset")}<//>
  `;
  return html`<div class="columns">
    <div class="stack">
      <${Card} title=${t("test.request")} actions=${actions}>
        <${RequestForm} functionId=${data.id} request=${request} onChange=${setRequest} onSend=${() => send()} isBusy=${isBusy} />
      <//>
      <${Examples} functionId=${data.id} request=${request} />
      ${history.length > 0 && html`<${History} history=${history} onPick=${setRequest} />`}
    </div>
    <${Response} outcome=${outcome} functionId=${data.id} />
  </div>`;
}

/** @param {{ outcome: Outcome | null, functionId: string }} props */
function Response({ outcome, functionId }) {
  const [view, setView] = useState("body");
  if (!outcome) return html`<${Card} title=${t("test.response")}><${Empty} title=${t("test.hint")} /><//>`;
  const type = contentType(outcome.headers);
  const views = [["body", t("body.body")], ["headers", t("body.headers")], ...(type.includes("text/html") ? [["page", t("body.page")]] : [])];
  const title = html`<span class="row">${t("test.response")} <${StatusCode} status=${outcome.status} /></span>`;
  const facts = `${duration(outcome.ms)} · ${bytes(outcome.body.length)}`;
  const actions = html`<${Segmented} label=${t("body.view")} value=${view} options=${views} onChange=${setView} />
    ${outcome.executionId && html`<${LinkButton} small href=${href(`/executions/${outcome.executionId}`)}>${t("test.execution")}<//>`}`;
  return html`<div class="stack">
    <${Card} title=${title} subtitle=${facts} actions=${actions}>
      <div role="status" class="visually-hidden">${t("test.answered", { status: outcome.status })}</div>
      ${view === "headers" && html`<${HeaderList} headers=${outcome.headers} />`}
      ${view === "page" && html`<${HtmlPreview} text=${outcome.body} />`}
      ${(view === "body" || (view === "page" && !type.includes("text/html"))) &&
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
    <pre class="code wrap" tabindex="0" aria-label=${t("logs.title")}>${lines.map((one) => `${one.level.padEnd(5)} ${one.message}`).join("\n")}</pre>
  <//>`;
}

/** @param {{ functionId: string, request: TestRequest }} props */
function Examples({ functionId, request }) {
  const [language, setLanguage] = useState("curl");
  const code = exampleCode(language, location.origin + addressOf(functionId, request), request);
  const choice = html`<${SelectField} label=${t("test.exampleLanguage")} hideLabel value=${language} options=${EXAMPLE_LANGUAGES} onChange=${setLanguage} />`;
  return html`<${Card} title=${t("test.examples")} actions=${choice}>
    <${CodeBlock} text=${code} label=${t("test.examples")} />
  <//>`;
}

/** @param {{ history: TestRequest[], onPick: (request: TestRequest) => void }} props */
function History({ history, onPick }) {
  return html`<${Card} title=${t("test.history")} flush>
    <ul class="requests">
      ${history.map(
        (one, at) => html`<li key=${at} class="request-head">
          <${Badge}>${one.method}<//><span class="mono grow truncate">${one.path || "/"}${one.query ? `?${one.query}` : ""}</span>
          <${CopyButton} text=${one.body} what=${t("body.body")} />
          <${Button} small onClick=${() => onPick(one)}>${t("test.again")}<//>
        </li>`,
      )}
    </ul>
  <//>`;
}

/**
 * The last requests to this function, and how to add one.
 *
 * @param {string} id
 * @returns {[TestRequest[], (request: TestRequest) => void]}
 */
function useHistory(id) {
  const key = `perilune-requests:${id}`;
  const [history, setHistory] = useState(() => {
    try {
      const kept = JSON.parse(read(key) ?? "[]");
      return /** @type {TestRequest[]} */ (Array.isArray(kept) ? kept.map((one) => ({ ...emptyRequest(), ...one })) : []);
    } catch {
      return [];
    }
  });
  const remember = (/** @type {TestRequest} */ request) => {
    const text = JSON.stringify(request);
    const next = [request, ...history.filter((one) => JSON.stringify(one) !== text)].slice(0, HISTORY_KEPT);
    setHistory(next);
    write(key, JSON.stringify(next));
  };
  return [history, remember];
}

/**
 * Take the request over from an execution.
 *
 * @param {string | null} executionId
 * @param {(request: TestRequest) => void} setRequest
 */
function useEvent(executionId, setRequest) {
  useEffect(() => {
    if (!executionId) return;
    get(`/api/executions/${executionId}`).then(
      (one) => setRequest(requestOfEvent(JSON.parse(one.event_json ?? "{}"))),
      () => toast("bad", t("test.noEvent")),
    );
  }, [executionId]);
}

/**
 * @param {string} id
 * @param {TestRequest} request
 * @returns {Promise<Outcome>}
 */
async function callFunction(id, request) {
  const started = performance.now();
  const hasBody = !["GET", "HEAD"].includes(request.method) && request.body !== "";
  const response = await call(addressOf(id, request), {
    method: request.method,
    headers: headersOf(request),
    ...(hasBody ? { body: request.body } : {}),
  });
  const data = new Uint8Array(await response.arrayBuffer());
  const ms = performance.now() - started;
  const headers = Object.fromEntries(response.headers);
  return { ...decoded(data), status: response.status, headers, ms, executionId: headers["x-execution-id"] ?? "" };
}

/**
 * Runs a draft, or with null the active version, without going through the address.
 *
 * @param {string} id
 * @param {string | null} code
 * @param {TestRequest} request
 * @returns {Promise<Outcome>}
 */
async function tryOut(id, code, request) {
  const event = {
    method: request.method,
    path: pathOf(request),
    headers: headersOf(request),
    body: request.body,
    ...(isOfScheduler(request) ? { trigger: "cron" } : {}),
  };
  const found = await post(`/api/functions/${id}/test`, { ...(code === null ? {} : { code }), event });
  return {
    status: found.response?.statusCode ?? 500,
    headers: found.response?.headers ?? {},
    body: found.response?.body ?? "",
    isBase64: found.response?.isBase64Encoded === true,
    ms: found.duration_ms,
    executionId: found.execution_id,
    ...(found.error ? { report: found.error.message, kind: found.error.kind } : {}),
  };
}

/**
 * Text if the bytes are UTF-8, else base64.
 *
 * @param {Uint8Array} data
 */
function decoded(data) {
  try {
    return { body: new TextDecoder("utf-8", { fatal: true }).decode(data), isBase64: false };
  } catch {
    let text = "";
    for (const byte of data) text += String.fromCharCode(byte);
    return { body: btoa(text), isBase64: true };
  }
}
