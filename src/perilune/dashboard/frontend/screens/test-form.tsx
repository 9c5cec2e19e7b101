// The form of a test request.

import type { TargetedMouseEvent } from "preact";
import type { FunctionRecord } from "../answers.ts";
import { callUrl } from "../call-url.ts";
import { bytes } from "../format.ts";
import { t, type TextKey } from "../i18n.ts";
import { Button, CopyButton } from "../ui/button.tsx";
import { prettyJson } from "../ui/code.tsx";
import { FileButton, Segmented, SelectField, TextField, type Option } from "../ui/field.tsx";
import { focusBeside } from "../ui/focus.ts";
import { Authorization, type Signing } from "./test-auth.tsx";
import {
  METHODS,
  formText,
  headerProblem,
  headerValue,
  mayHaveBody,
  urlOf,
  withHeader,
  type BodyKind,
  type HeaderProblem,
  type Pair,
  type TestRequest,
} from "./test-request.ts";

const TYPES = { json: "application/json", form: "application/x-www-form-urlencoded", text: "text/plain; charset=utf-8", file: "application/octet-stream" };

/** @param props  *data* is the function; *isDirect* says that no browser's rules stand in between */
export function RequestForm({ data, request, signing, onChange, onSend, onCancel, isBusy, isDirect }: {
  data: FunctionRecord;
  request: TestRequest;
  signing: Signing;
  onChange: (request: TestRequest) => void;
  onSend: () => void;
  onCancel: () => void;
  isBusy: boolean;
  isDirect: boolean;
}) {
  const set = (changes: Partial<TestRequest>) => onChange({ ...request, ...changes });
  const isBroken = request.headers.some((one) => !["", "test.unsent"].includes(headerProblem(one)));
  const submit = (event: Event) => {
    event.preventDefault();
    if (!isBroken && !isBusy) onSend();
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(event);
  };
  const url = urlOf(callUrl(data), request);
  return <form class="stack" onSubmit={submit} onKeyDown={press}>
    <div class="with-button">
      <output class="code grow mono address">{request.method} {url}</output>
      <CopyButton text={url} what="URL" />
    </div>
    <div class="request-line">
      <SelectField label={t("test.method")} value={request.method} options={METHODS.map((one) => [one, one])}
        onChange={(method) => set({ method })} />
      <TextField label={t("test.path")} value={request.path} mono placeholder="/users/123"
        onInput={(path) => set({ path })} />
      <TextField label={t("test.query")} value={request.query} mono placeholder="key=value&other=value"
        onInput={(query) => set({ query })} />
    </div>
    <fieldset class="plain stack-s"><legend class="legend">{t("test.headers")}</legend>
      <Pairs pairs={request.headers} texts={HEADER_TEXTS} onChange={(headers) => set({ headers })}
        problem={headerProblem} remark={isDirect ? "" : t("test.unsent")} />
    </fieldset>
    <Authorization data={data} request={request} signing={signing} onChange={onChange} />
    {mayHaveBody(request) && <BodyField request={request} set={set} />}
    <div class="row">
      <Button kind="primary" type="submit" icon="play" busy={isBusy} disabled={isBroken}>{t("test.send")}</Button>
      {isBusy && <Button onClick={onCancel}>{t("dialog.cancel")}</Button>}
      <span class="hint keys"><kbd>Ctrl</kbd> <kbd>Enter</kbd></span>
    </div>
  </form>;
}

type PairTexts = Record<"name" | "value" | "add" | "remove", TextKey>;

const HEADER_TEXTS: PairTexts = { name: "test.headerName", value: "test.headerValue", add: "test.addHeader", remove: "test.removeHeader" };
const FORM_TEXTS: PairTexts = { name: "test.fieldName", value: "test.fieldValue", add: "test.addField", remove: "test.removeField" };

/**
 * Names with values, one row for each.
 *
 * @param props  *remark* is of those that are not sent
 */
function Pairs({ pairs, texts, onChange, problem = () => "", remark = "" }: {
  pairs: Pair[];
  texts: PairTexts;
  onChange: (pairs: Pair[]) => void;
  problem?: (pair: Pair) => HeaderProblem;
  remark?: string;
}) {
  const about = (pair: Pair) => {
    const found = problem(pair);
    return found === "test.unsent" ? { hint: remark || undefined } : { error: found ? t(found) : undefined };
  };
  const change = (at: number, row: Pair) => onChange(pairs.map((one, index) => (index === at ? row : one)));
  const remove = (event: TargetedMouseEvent<HTMLButtonElement>, at: number) => {
    if (at === pairs.length - 1) focusBeside(event.currentTarget, ".header-row");
    onChange(pairs.filter((_, index) => index !== at));
  };
  return <>{pairs.map(
    ([name, value], at) => <div class="header-row" key={at}>
      <TextField label={t(texts.name)} hideLabel mono value={name} {...about([name, value])} autocomplete="off"
        focus={name === "" && value === ""} onInput={(text) => change(at, [text, value])} />
      <TextField label={t(texts.value)} hideLabel mono value={value} autocomplete="off"
        onInput={(text) => change(at, [name, text])} />
      <Button kind="ghost" icon="trash" label={t(texts.remove, { name })} onClick={(event) => remove(event, at)} />
    </div>,
  )}
  <div><Button small icon="plus" onClick={() => onChange([...pairs, ["", ""]])}>{t(texts.add)}</Button></div></>;
}

function BodyField({ request, set }: { request: TestRequest; set: (changes: Partial<TestRequest>) => void }) {
  const { kind } = request;
  const setKind = (next: BodyKind) =>
    set({ kind: next, headers: withHeader(request.headers, "Content-Type", TYPES[next]) });
  const options: Option<BodyKind>[] = [["json", "JSON"], ["form", t("test.form")], ["text", t("test.text")], ["file", t("test.file")]];
  const pretty = kind === "json" ? prettyJson(request.body) : null;
  return <div class="stack-s">
    <div class="row spread">
      <Segmented label={t("test.bodyType")} value={kind} onChange={setKind} options={options} />
      {kind === "json" &&
      <Button small disabled={pretty === null} onClick={() => pretty !== null && set({ body: pretty })}>{t("test.format")}</Button>}
    </div>
    {kind === "form" &&
    <><Pairs pairs={request.form} texts={FORM_TEXTS} onChange={(form) => set({ form })} />
      <output class="code mono address">{formText(request.form)}</output></>}
    {kind === "file" && <FileBody request={request} set={set} />}
    {(kind === "json" || kind === "text") &&
    <TextField label={t("body.body")} hideLabel mono rows={6} value={request.body}
      hint={kind === "json" && request.body.trim() !== "" && pretty === null ? t("test.notJson") : undefined}
      onInput={(body) => set({ body })} />}
  </div>;
}

function FileBody({ request, set }: { request: TestRequest; set: (changes: Partial<TestRequest>) => void }) {
  const { file } = request;
  const choose = (next: File) => {
    const isOurs = Object.values(TYPES).includes(headerValue(request.headers, "Content-Type"));
    const headers = next.type && isOurs ? withHeader(request.headers, "Content-Type", next.type) : request.headers;
    set({ file: next, headers });
  };
  return <div class="row">
    <FileButton onFile={choose}>{t("test.chooseFile")}</FileButton>
    <span class="muted">{file ? `${file.name} · ${bytes(file.size)}` : t("test.noFile")}</span>
  </div>;
}
