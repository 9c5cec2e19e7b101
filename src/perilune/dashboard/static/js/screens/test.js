// Tries a function: sends exactly what is shown, and shows exactly what came back.

import { get } from "../api.js";
import { draftOf } from "../editor/draft.js";
import { errorText } from "../errors.js";
import { t } from "../i18n.js";
import { html, useEffect, useRef, useState } from "../lib.js";
import { useAction } from "../resource.js";
import { Badge } from "../ui/badge.js";
import { Button } from "../ui/button.js";
import { Card } from "../ui/card.js";
import { CodeBlock } from "../ui/code.js";
import { Dialog } from "../ui/dialog.js";
import { Segmented, SelectField, TextField } from "../ui/field.js";
import { FunctionFrame } from "../ui/function-frame.js";
import { toast } from "../ui/toast.js";
import { exampleCode, exampleLanguages } from "./test-examples.js";
import { RequestForm } from "./test-form.js";
import { useKept, withRequest } from "./test-kept.js";
import { cronRequest, emptyRequest, isOfScheduler, requestOfEvent } from "./test-request.js";
import { Response } from "./test-response.js";
import { callFunction, tryOut } from "./test-send.js";

/** @typedef {import("./test-request.js").TestRequest} TestRequest */

/** @param {import("../routes.js").ScreenProps} props */
export default function Test({ params, query }) {
  const id = params["id"] ?? "";
  return html`<${FunctionFrame} id=${id} tab="test">
    ${(/** @type {any} */ data) => html`<${Bench} key=${id} data=${data} from=${query.get("from")} />`}
  <//>`;
}

/** @param {{ data: any, from: string | null }} props */
function Bench({ data, from }) {
  const [kept, keep] = useKept(data.id);
  const [request, setShown] = useState(/** @type {TestRequest} */ (kept.current ?? kept.history[0] ?? emptyRequest()));
  const [outcome, setOutcome] = useState(/** @type {import("./test-send.js").Outcome | null} */ (null));
  const draft = draftOf(data.id);
  const [target, setTarget] = useState("active");
  const running = useRef(/** @type {AbortController | null} */ (null));
  const setRequest = (/** @type {TestRequest} */ next) => {
    setShown(next);
    keep({ current: next });
  };
  useEvent(from, setRequest);
  const code = target === "draft" && draft ? draft.code : null;
  // Over the network nobody may say that they are the scheduler.
  const isDirect = code !== null || isOfScheduler(request);
  const [isBusy, send] = useAction(async () => {
    const mine = new AbortController();
    running.current = mine;
    keep({ history: withRequest(kept.history, request) });
    try {
      setOutcome(isDirect ? await tryOut(data.id, code, request, mine.signal) : await callFunction(data.id, request, mine.signal));
    } catch (problem) {
      if (!mine.signal.aborted) toast("bad", errorText(problem));
    }
  });
  const actions = html`
    ${draft &&
    html`<${Segmented} label=${t("test.code")} value=${target} onChange=${setTarget}
      options=${[["active", t("test.active", { version: data.active_version?.version ?? 0 })], ["draft", t("test.draft")]]} />`}
    <${Button} small icon="clock" onClick=${() => setRequest(cronRequest(data))}>${t("test.cron")}<//>
    <${Button} small icon="undo" onClick=${() => setRequest(emptyRequest())}>${t("test.reset")}<//>
  `;
  return html`<div class="bench">
    <${Card} title=${t("test.request")} actions=${actions}>
      ${data.disabled && !isDirect && html`<p class="note warn bench-note">${t("test.disabled")}</p>`}
      <${RequestForm} data=${data} request=${request} onChange=${setRequest} onSend=${() => send()} isBusy=${isBusy} isDirect=${isDirect}
        onCancel=${() => running.current?.abort()} />
    <//>
    <div class="bench-response"><${Response} outcome=${outcome} functionId=${data.id} /></div>
    <${Requests} kept=${kept} keep=${keep} request=${request} onPick=${setRequest} />
    <${Examples} functionId=${data.id} request=${request} />
  </div>`;
}

/** @param {{ functionId: string, request: TestRequest }} props */
function Examples({ functionId, request }) {
  const [chosen, setLanguage] = useState("curl");
  const languages = exampleLanguages(request);
  const language = languages.some(([one]) => one === chosen) ? chosen : "curl";
  const choice = html`<${SelectField} label=${t("test.exampleLanguage")} hideLabel value=${language} options=${languages} onChange=${setLanguage} />`;
  return html`<${Card} title=${t("test.examples")} actions=${choice}>
    <${CodeBlock} text=${exampleCode(language, functionId, request)} label=${t("test.examples")} />
  <//>`;
}

/**
 * Requests of before, by name and by time.
 *
 * @param {{
 *   kept: import("./test-kept.js").Kept,
 *   keep: (changes: Partial<import("./test-kept.js").Kept>) => void,
 *   request: TestRequest,
 *   onPick: (request: TestRequest) => void,
 * }} props
 */
function Requests({ kept: { history, saved }, keep, request, onPick }) {
  const [isSaving, setSaving] = useState(false);
  const save = (/** @type {string} */ name) => {
    keep({ saved: [...saved.filter((one) => one.name !== name), { name, request }] });
    toast("good", t("test.savedAs", { name }));
    setSaving(false);
  };
  const forget = (/** @type {string} */ name) => keep({ saved: saved.filter((one) => one.name !== name) });
  const actions = html`<${Button} small icon="plus" onClick=${() => setSaving(true)}>${t("test.saveRequest")}<//>`;
  return html`<${Card} title=${t("test.requests")} subtitle=${t("test.requestsText")} actions=${actions} flush>
    ${saved.length + history.length === 0 && html`<p class="list-none">${t("test.noRequests")}</p>`}
    ${saved.length > 0 &&
    html`<h3 class="list-title">${t("test.saved")}</h3>
      <ul class="requests">
        ${saved.map(
          (one) => html`<li key=${one.name} class="request-head">
            <${Badge}>${one.request.method}<//><strong class="grow truncate">${one.name}</strong>
            <${Button} small onClick=${() => onPick(one.request)} label=${t("test.useNamed", { name: one.name })}>${t("test.again")}<//>
            <${Button} small kind="ghost" icon="trash" label=${t("test.forget", { name: one.name })} onClick=${() => forget(one.name)} />
          </li>`,
        )}
      </ul>`}
    ${history.length > 0 &&
    html`<h3 class="list-title">${t("test.history")}</h3>
      <ul class="requests">
        ${history.map(
          (one, at) => html`<li key=${at} class="request-head">
            <${Badge}>${one.method}<//><span class="mono grow truncate">${one.path || "/"}${one.query ? `?${one.query}` : ""}</span>
            <${Button} small onClick=${() => onPick(one)}>${t("test.again")}<//>
          </li>`,
        )}
      </ul>`}
    ${isSaving && html`<${SaveDialog} taken=${saved.map((one) => one.name)} onClose=${() => setSaving(false)} onSave=${save} />`}
  <//>`;
}

/** @param {{ taken: string[], onClose: () => void, onSave: (name: string) => void }} props */
function SaveDialog({ taken, onClose, onSave }) {
  const [name, setName] = useState("");
  const given = name.trim();
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (given) onSave(given);
  };
  return html`<${Dialog} title=${t("test.saveRequest")} onClose=${onClose}>
    <form class="stack" onSubmit=${submit}>
      <${TextField} label=${t("functions.name")} value=${name} onInput=${setName} focus maxLength=${100} autocomplete="off"
        hint=${taken.includes(given) ? t("test.replaces") : t("test.saveHint")} />
      <div class="actions">
        <${Button} kind="primary" type="submit" disabled=${!given}>${t("settings.save")}<//>
        <${Button} onClick=${onClose}>${t("dialog.cancel")}<//>
      </div>
    </form>
  <//>`;
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
