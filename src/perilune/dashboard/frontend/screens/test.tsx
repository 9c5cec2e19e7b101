// Tries a function: sends exactly what is shown, and shows exactly what came back.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Execution, FunctionRecord } from "../answers.ts";
import { get } from "../api.ts";
import { callUrl, ownUrl } from "../call-url.ts";
import { draftOf } from "../editor/draft.ts";
import { errorText } from "../errors.ts";
import { t } from "../i18n.ts";
import { useAction } from "../resource.ts";
import type { ScreenProps } from "../routes.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { CodeBlock } from "../ui/code.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Segmented, SelectField, TextField } from "../ui/field.tsx";
import { FunctionFrame } from "../ui/function-frame.tsx";
import { toast } from "../ui/toast.tsx";
import { exampleCode, exampleLanguages } from "./test-examples.ts";
import { useSigning } from "./test-auth.tsx";
import { RequestForm } from "./test-form.tsx";
import { useKept, withRequest, type Kept } from "./test-kept.ts";
import { cronRequest, emptyRequest, isOfScheduler, requestOfEvent, type TestRequest } from "./test-request.ts";
import { Response } from "./test-response.tsx";
import { callFunction, tryOut, type Outcome } from "./test-send.ts";

export default function Test({ params, query }: ScreenProps) {
  const id = params["id"] ?? "";
  return <FunctionFrame id={id} tab="test">
    {(data) => <Bench key={id} data={data} from={query.get("from")} />}
  </FunctionFrame>;
}

function Bench({ data, from }: { data: FunctionRecord; from: string | null }) {
  const [kept, keep] = useKept(data.id);
  const [request, setShown] = useState<TestRequest>(kept.current ?? kept.history[0] ?? emptyRequest());
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const draft = draftOf(data.id);
  const [target, setTarget] = useState("active");
  const running = useRef<AbortController | null>(null);
  const setRequest = (next: TestRequest) => {
    setShown(next);
    keep({ current: next });
  };
  useEvent(from, setRequest);
  const code = target === "draft" && draft ? draft.code : null;
  // Over the network nobody may say that they are the scheduler.
  const isDirect = code !== null || isOfScheduler(request);
  const signing = useSigning(data);
  const [isBusy, send] = useAction(async () => {
    const mine = new AbortController();
    running.current = mine;
    const sent = isDirect ? request : await signing.apply(request);
    if (!sent) return;
    if (sent !== request) setRequest(sent);
    keep({ history: withRequest(kept.history, sent) });
    try {
      setOutcome(isDirect ? await tryOut(data.id, code, sent, mine.signal) : await callFunction(ownUrl(data), sent, mine.signal));
    } catch (problem) {
      if (!mine.signal.aborted) toast("bad", errorText(problem));
    }
  });
  const actions = <>
    {draft &&
    <Segmented label={t("test.code")} value={target} onChange={setTarget}
      options={[["active", t("test.active", { version: data.active_version?.version ?? 0 })], ["draft", t("test.draft")]]} />}
    <Button small icon="clock" onClick={() => setRequest(cronRequest(data))}>{t("test.cron")}</Button>
    <Button small icon="undo" onClick={() => setRequest(emptyRequest())}>{t("test.reset")}</Button>
  </>;
  return <div class="bench">
    <Card title={t("test.request")} actions={actions}>
      {data.disabled && !isDirect && <p class="note warn bench-note">{t("test.disabled")}</p>}
      <RequestForm data={data} request={request} signing={signing} onChange={setRequest} onSend={() => send()} isBusy={isBusy} isDirect={isDirect}
        onCancel={() => running.current?.abort()} />
    </Card>
    <div class="bench-response"><Response outcome={outcome} functionId={data.id} /></div>
    <Requests kept={kept} keep={keep} request={request} onPick={setRequest} />
    <Examples base={callUrl(data)} request={request} />
  </div>;
}

function Examples({ base, request }: { base: string; request: TestRequest }) {
  const [chosen, setLanguage] = useState("curl");
  const languages = exampleLanguages(request);
  const language = languages.some(([one]) => one === chosen) ? chosen : "curl";
  const choice = <SelectField label={t("test.exampleLanguage")} hideLabel value={language} options={languages} onChange={setLanguage} />;
  return <Card title={t("test.examples")} actions={choice}>
    <CodeBlock text={exampleCode(language, base, request)} label={t("test.examples")} />
  </Card>;
}

/** Requests of before, by name and by time. */
function Requests({ kept: { history, saved }, keep, request, onPick }: {
  kept: Kept;
  keep: (changes: Partial<Kept>) => void;
  request: TestRequest;
  onPick: (request: TestRequest) => void;
}) {
  const [isSaving, setSaving] = useState(false);
  const save = (name: string) => {
    keep({ saved: [...saved.filter((one) => one.name !== name), { name, request }] });
    toast("good", t("test.savedAs", { name }));
    setSaving(false);
  };
  const forget = (name: string) => keep({ saved: saved.filter((one) => one.name !== name) });
  const actions = <Button small icon="plus" onClick={() => setSaving(true)}>{t("test.saveRequest")}</Button>;
  return <Card title={t("test.requests")} subtitle={t("test.requestsText")} actions={actions} flush>
    {saved.length + history.length === 0 && <p class="list-none">{t("test.noRequests")}</p>}
    {saved.length > 0 &&
    <><h3 class="list-title">{t("test.saved")}</h3>
      <ul class="requests">
        {saved.map(
          (one) => <li key={one.name} class="request-head">
            <Badge>{one.request.method}</Badge><strong class="grow truncate">{one.name}</strong>
            <Button small onClick={() => onPick(one.request)} label={t("test.useNamed", { name: one.name })}>{t("test.again")}</Button>
            <Button small kind="ghost" icon="trash" label={t("test.forget", { name: one.name })} onClick={() => forget(one.name)} />
          </li>,
        )}
      </ul></>}
    {history.length > 0 &&
    <><h3 class="list-title">{t("test.history")}</h3>
      <ul class="requests">
        {history.map(
          (one, at) => <li key={at} class="request-head">
            <Badge>{one.method}</Badge><span class="mono grow truncate">{one.path || "/"}{one.query ? `?${one.query}` : ""}</span>
            <Button small onClick={() => onPick(one)}>{t("test.again")}</Button>
          </li>,
        )}
      </ul></>}
    {isSaving && <SaveDialog taken={saved.map((one) => one.name)} onClose={() => setSaving(false)} onSave={save} />}
  </Card>;
}

function SaveDialog({ taken, onClose, onSave }: {
  taken: string[];
  onClose: () => void;
  onSave: (name: string) => void;
}) {
  const [name, setName] = useState("");
  const given = name.trim();
  const submit = (event: Event) => {
    event.preventDefault();
    if (given) onSave(given);
  };
  return <Dialog title={t("test.saveRequest")} onClose={onClose}>
    <form class="stack" onSubmit={submit}>
      <TextField label={t("functions.name")} value={name} onInput={setName} focus maxLength={100} autocomplete="off"
        hint={taken.includes(given) ? t("test.replaces") : t("test.saveHint")} />
      <div class="actions">
        <Button kind="primary" type="submit" disabled={!given}>{t("settings.save")}</Button>
        <Button onClick={onClose}>{t("dialog.cancel")}</Button>
      </div>
    </form>
  </Dialog>;
}

/** Take the request over from an execution. */
function useEvent(executionId: string | null, setRequest: (request: TestRequest) => void) {
  useEffect(() => {
    if (!executionId) return;
    get<Execution>(`/api/executions/${executionId}`).then(
      (one) => setRequest(requestOfEvent(JSON.parse(one.event_json ?? "{}"))),
      () => toast("bad", t("test.noEvent")),
    );
  }, [executionId]);
}
