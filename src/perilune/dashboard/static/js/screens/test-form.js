// The form of a test request.

import { t } from "../i18n.js";
import { html, useState } from "../lib.js";
import { Button, CopyButton } from "../ui/button.js";
import { prettyJson } from "../ui/code.js";
import { Segmented, SelectField, TextField } from "../ui/field.js";
import { METHODS, addressOf } from "./test-request.js";

/** @typedef {import("./test-request.js").TestRequest} TestRequest */

const TYPES = { json: "application/json", form: "application/x-www-form-urlencoded", text: "text/plain; charset=utf-8" };

/**
 * @param {{
 *   functionId: string,
 *   request: TestRequest,
 *   onChange: (request: TestRequest) => void,
 *   onSend: () => void,
 *   isBusy: boolean,
 * }} props
 */
export function RequestForm({ functionId, request, onChange, onSend, isBusy }) {
  const set = (/** @type {Partial<TestRequest>} */ changes) => onChange({ ...request, ...changes });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    onSend();
  };
  const url = location.origin + addressOf(functionId, request);
  const hasBody = !["GET", "HEAD"].includes(request.method);
  return html`<form class="stack" onSubmit=${submit}>
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
    <${Headers} headers=${request.headers} onChange=${(/** @type {TestRequest["headers"]} */ headers) => set({ headers })} />
    ${hasBody && html`<${BodyField} request=${request} set=${set} />`}
    <div><${Button} kind="primary" type="submit" icon="play" busy=${isBusy}>${t("test.send")}<//></div>
  </form>`;
}

/** @param {{ headers: TestRequest["headers"], onChange: (headers: TestRequest["headers"]) => void }} props */
function Headers({ headers, onChange }) {
  const change = (/** @type {number} */ at, /** @type {[string, string]} */ row) =>
    onChange(headers.map((one, index) => (index === at ? row : one)));
  const [scheme, setScheme] = useState("");
  const authorize = (/** @type {string} */ kind) => {
    setScheme(kind);
    const others = headers.filter(([name]) => name.toLowerCase() !== "authorization");
    onChange(kind ? [...others, ["Authorization", kind === "bearer" ? "Bearer " : `Basic ${btoa("user:password")}`]] : others);
  };
  return html`<fieldset class="plain stack-s"><legend class="legend">${t("test.headers")}</legend>
    ${headers.map(
      ([name, value], at) => html`<div class="header-row" key=${at}>
        <${TextField} label=${t("test.headerName")} hideLabel mono value=${name} onInput=${(/** @type {string} */ text) => change(at, [text, value])} />
        <${TextField} label=${t("test.headerValue")} hideLabel mono value=${value} onInput=${(/** @type {string} */ text) => change(at, [name, text])} />
        <${Button} kind="ghost" icon="trash" label=${t("test.removeHeader", { name })} onClick=${() => onChange(headers.filter((_, index) => index !== at))} />
      </div>`,
    )}
    <div class="row">
      <${Button} small icon="plus" onClick=${() => onChange([...headers, ["", ""]])}>${t("test.addHeader")}<//>
      <${SelectField} label=${t("test.auth")} hideLabel value=${scheme} onChange=${authorize}
        options=${[["", t("test.noAuth")], ["bearer", "Bearer"], ["basic", "Basic"]]} />
    </div>
  </fieldset>`;
}

/** @param {{ request: TestRequest, set: (changes: Partial<TestRequest>) => void }} props */
function BodyField({ request, set }) {
  const type = request.headers.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "";
  const kind = type.includes("json") ? "json" : type.includes("form") ? "form" : "text";
  const setType = (/** @type {string} */ next) => {
    const others = request.headers.filter(([name]) => name.toLowerCase() !== "content-type");
    set({ headers: [["Content-Type", TYPES[/** @type {keyof typeof TYPES} */ (next)]], ...others] });
  };
  const pretty = kind === "json" ? prettyJson(request.body) : null;
  const isBroken = kind === "json" && request.body.trim() !== "" && pretty === null;
  const load = async (/** @type {any} */ event) => {
    const file = event.currentTarget.files?.[0];
    if (file) set({ body: await file.text() });
  };
  return html`<div class="stack-s">
    <div class="row spread">
      <${Segmented} label=${t("test.bodyType")} value=${kind} onChange=${setType}
        options=${[["json", "JSON"], ["form", t("test.form")], ["text", t("test.text")]]} />
      <div class="row">
        ${kind === "json" &&
        html`<${Button} small disabled=${pretty === null} onClick=${() => pretty !== null && set({ body: pretty })}>${t("test.format")}<//>`}
        <label class="button small">${t("test.file")}<input type="file" class="visually-hidden" onChange=${load} /></label>
      </div>
    </div>
    <${TextField} label=${t("body.body")} hideLabel mono rows=${6} value=${request.body}
      hint=${isBroken ? t("test.notJson") : undefined} onInput=${(/** @type {string} */ body) => set({ body })} />
  </div>`;
}
