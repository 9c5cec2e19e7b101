// The form of a test request.

import { bytes } from "../format.js";
import { t } from "../i18n.js";
import { html } from "../lib.js";
import { Button, CopyButton } from "../ui/button.js";
import { prettyJson } from "../ui/code.js";
import { FileButton, Segmented, SelectField, TextField } from "../ui/field.js";
import { focusBeside } from "../ui/focus.js";
import { Authorization } from "./test-auth.js";
import { METHODS, formText, headerProblem, headerValue, mayHaveBody, urlOf, withHeader } from "./test-request.js";

/** @typedef {import("./test-request.js").TestRequest} TestRequest */
/** @typedef {import("./test-request.js").Pair} Pair */

const TYPES = { json: "application/json", form: "application/x-www-form-urlencoded", text: "text/plain; charset=utf-8", file: "application/octet-stream" };

/**
 * @param {{
 *   data: any,
 *   request: TestRequest,
 *   onChange: (request: TestRequest) => void,
 *   onSend: () => void,
 *   onCancel: () => void,
 *   isBusy: boolean,
 *   isDirect: boolean,
 * }} props  *data* is the function; *isDirect* says that no browser's rules stand in between
 */
export function RequestForm({ data, request, onChange, onSend, onCancel, isBusy, isDirect }) {
  const set = (/** @type {Partial<TestRequest>} */ changes) => onChange({ ...request, ...changes });
  const isBroken = request.headers.some((one) => !["", "test.unsent"].includes(headerProblem(one)));
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!isBroken && !isBusy) onSend();
  };
  const press = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(event);
  };
  const url = urlOf(data.id, request);
  return html`<form class="stack" onSubmit=${submit} onKeyDown=${press}>
    <div class="with-button">
      <output class="code grow mono address">${request.method} ${url}</output>
      <${CopyButton} text=${url} what="URL" />
    </div>
    <div class="request-line">
      <${SelectField} label=${t("test.method")} value=${request.method} options=${METHODS.map((one) => [one, one])}
        onChange=${(/** @type {string} */ method) => set({ method })} />
      <${TextField} label=${t("test.path")} value=${request.path} mono placeholder="/users/123"
        onInput=${(/** @type {string} */ path) => set({ path })} />
      <${TextField} label=${t("test.query")} value=${request.query} mono placeholder="key=value&other=value"
        onInput=${(/** @type {string} */ query) => set({ query })} />
    </div>
    <fieldset class="plain stack-s"><legend class="legend">${t("test.headers")}</legend>
      <${Pairs} pairs=${request.headers} texts=${HEADER_TEXTS} onChange=${(/** @type {Pair[]} */ headers) => set({ headers })}
        problem=${headerProblem} remark=${isDirect ? "" : t("test.unsent")} />
    </fieldset>
    <${Authorization} data=${data} request=${request} onChange=${onChange} />
    ${mayHaveBody(request) && html`<${BodyField} request=${request} set=${set} />`}
    <div class="row">
      <${Button} kind="primary" type="submit" icon="play" busy=${isBusy} disabled=${isBroken}>${t("test.send")}<//>
      ${isBusy && html`<${Button} onClick=${onCancel}>${t("dialog.cancel")}<//>`}
      <span class="hint keys"><kbd>Ctrl</kbd> <kbd>Enter</kbd></span>
    </div>
  </form>`;
}

/** @typedef {Record<"name" | "value" | "add" | "remove", import("../i18n.js").TextKey>} PairTexts */

/** @type {PairTexts} */
const HEADER_TEXTS = { name: "test.headerName", value: "test.headerValue", add: "test.addHeader", remove: "test.removeHeader" };
/** @type {PairTexts} */
const FORM_TEXTS = { name: "test.fieldName", value: "test.fieldValue", add: "test.addField", remove: "test.removeField" };

/**
 * Names with values, one row for each.
 *
 * @param {{
 *   pairs: Pair[],
 *   texts: PairTexts,
 *   onChange: (pairs: Pair[]) => void,
 *   problem?: (pair: Pair) => import("./test-request.js").HeaderProblem,
 *   remark?: string,
 * }} props  *remark* is of those that are not sent
 */
function Pairs({ pairs, texts, onChange, problem = () => "", remark = "" }) {
  const about = (/** @type {Pair} */ pair) => {
    const found = problem(pair);
    return found === "test.unsent" ? { hint: remark || undefined } : { error: found ? t(found) : undefined };
  };
  const change = (/** @type {number} */ at, /** @type {Pair} */ row) => onChange(pairs.map((one, index) => (index === at ? row : one)));
  const remove = (/** @type {any} */ event, /** @type {number} */ at) => {
    if (at === pairs.length - 1) focusBeside(event.currentTarget, ".header-row");
    onChange(pairs.filter((_, index) => index !== at));
  };
  return html`${pairs.map(
    ([name, value], at) => html`<div class="header-row" key=${at}>
      <${TextField} label=${t(texts.name)} hideLabel mono value=${name} ...${about([name, value])} autocomplete="off"
        focus=${name === "" && value === ""} onInput=${(/** @type {string} */ text) => change(at, [text, value])} />
      <${TextField} label=${t(texts.value)} hideLabel mono value=${value} autocomplete="off"
        onInput=${(/** @type {string} */ text) => change(at, [name, text])} />
      <${Button} kind="ghost" icon="trash" label=${t(texts.remove, { name })} onClick=${(/** @type {any} */ event) => remove(event, at)} />
    </div>`,
  )}
  <div><${Button} small icon="plus" onClick=${() => onChange([...pairs, ["", ""]])}>${t(texts.add)}<//></div>`;
}

/** @param {{ request: TestRequest, set: (changes: Partial<TestRequest>) => void }} props */
function BodyField({ request, set }) {
  const { kind } = request;
  const setKind = (/** @type {import("./test-request.js").BodyKind} */ next) =>
    set({ kind: next, headers: withHeader(request.headers, "Content-Type", TYPES[next]) });
  const options = [["json", "JSON"], ["form", t("test.form")], ["text", t("test.text")], ["file", t("test.file")]];
  const pretty = kind === "json" ? prettyJson(request.body) : null;
  return html`<div class="stack-s">
    <div class="row spread">
      <${Segmented} label=${t("test.bodyType")} value=${kind} onChange=${setKind} options=${options} />
      ${kind === "json" &&
      html`<${Button} small disabled=${pretty === null} onClick=${() => pretty !== null && set({ body: pretty })}>${t("test.format")}<//>`}
    </div>
    ${kind === "form" &&
    html`<${Pairs} pairs=${request.form} texts=${FORM_TEXTS} onChange=${(/** @type {Pair[]} */ form) => set({ form })} />
      <output class="code mono address">${formText(request.form)}</output>`}
    ${kind === "file" && html`<${FileBody} request=${request} set=${set} />`}
    ${(kind === "json" || kind === "text") &&
    html`<${TextField} label=${t("body.body")} hideLabel mono rows=${6} value=${request.body}
      hint=${kind === "json" && request.body.trim() !== "" && pretty === null ? t("test.notJson") : undefined}
      onInput=${(/** @type {string} */ body) => set({ body })} />`}
  </div>`;
}

/** @param {{ request: TestRequest, set: (changes: Partial<TestRequest>) => void }} props */
function FileBody({ request, set }) {
  const { file } = request;
  const choose = (/** @type {File} */ next) => {
    const isOurs = Object.values(TYPES).includes(headerValue(request.headers, "Content-Type"));
    const headers = next.type && isOurs ? withHeader(request.headers, "Content-Type", next.type) : request.headers;
    set({ file: next, headers });
  };
  return html`<div class="row">
    <${FileButton} onFile=${choose}>${t("test.chooseFile")}<//>
    <span class="muted">${file ? `${file.name} · ${bytes(file.size)}` : t("test.noFile")}</span>
  </div>`;
}
