// One execution: what came in, what was logged, how it ended.

import { useEffect, useMemo, useState } from "preact/hooks";
import type { Execution, FunctionRecord } from "../answers.ts";
import { get, post } from "../api.ts";
import { errorText } from "../errors.ts";
import { absoluteTime, duration } from "../format.ts";
import { t } from "../i18n.ts";
import { useAction, useResource } from "../resource.ts";
import { go, href } from "../router.ts";
import type { ScreenProps } from "../routes.ts";
import { useSubject } from "../title.ts";
import { Id, StatusBadge, TriggerBadge } from "../ui/badge.tsx";
import { Body } from "../ui/body.tsx";
import { Button, LinkButton } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { JsonBlock } from "../ui/code.tsx";
import { Segmented } from "../ui/field.tsx";
import { Guarded } from "../ui/guarded.tsx";
import { Icon } from "../ui/icon.tsx";
import { Loaded } from "../ui/state.tsx";
import { toast } from "../ui/toast.tsx";
import { ErrorReport } from "./execution-error.tsx";
import { deleteExecution, versionOf } from "./execution-list.tsx";
import { Logs } from "./execution-logs.tsx";
import { AiRequests, EmailRequests } from "./execution-requests.tsx";
import { StoredNotes, StoredResponse, contentType, parsed } from "./execution-response.tsx";

const PENDING_POLL_MS = 1000;

export default function ExecutionDetails({ params }: ScreenProps) {
  const id = params["id"] ?? "";
  const found = useResource((signal) => get<Execution>(`/api/executions/${id}`, { signal }), [id]);
  const isPending = found.data?.status === "pending";
  useEffect(() => {
    if (!isPending) return undefined;
    const timer = setInterval(() => void found.reload(), PENDING_POLL_MS);
    return () => clearInterval(timer);
  }, [isPending, found.reload]);
  return <Loaded of={found} back={{ path: "/executions", text: t("nav.executions") }}>
    {(one) => <Details one={one} />}
  </Loaded>;
}

function Details({ one }: { one: Execution }) {
  const { id } = one;
  // The function may be gone; its execution is shown all the same (KD-185).
  const owner = useResource((signal) => get<FunctionRecord>(`/api/functions/${one.function_id}`, { signal }), [one.function_id]);
  useSubject(owner.data?.name);
  const ran = Number(versionOf(one).replace(/\D/g, ""));
  const active = owner.data?.active_version?.version;
  return <div class="screen">
      <Head one={one} name={owner.data?.name} active={ran !== active ? active : undefined} />
      {one.error_message &&
      <Guarded>
        <ErrorReport report={one.error_message} kind={one.error_kind} functionId={one.function_id} version={ran} />
      </Guarded>}
      <div class="columns">
        <Guarded><Event text={one.event_json} /></Guarded>
        <Guarded><StoredResponse text={one.response_json} reason={reasonForNone(one, owner.data)} /></Guarded>
      </div>
      <Guarded><AiRequests id={id} /></Guarded>
      <Guarded><EmailRequests id={id} /></Guarded>
      <Logs id={id} isPending={one.status === "pending"} />
    </div>;
}

/** Why there is no response in the record. */
function reasonForNone(one: Execution, owner: FunctionRecord | undefined) {
  if (one.status === "pending") return t("execution.noResponseYet");
  return one.error_message && owner?.save_response ? t("execution.didNotAnswer") : t("execution.noResponse");
}

/** @param props  *active* if it is another version */
function Head({ one, name, active }: { one: Execution; name: string | undefined; active: number | undefined }) {
  const version = versionOf(one);
  const ran = version.replace(/\D/g, "");
  const [isBusy, replay] = useAction(async () => {
    try {
      const { execution_id: next } = await post<{ execution_id: string }>(`/api/executions/${one.id}/replay`);
      toast("good", t("execution.replayed"));
      go(`/executions/${next}`);
    } catch (problem) {
      toast("bad", errorText(problem));
    }
  });
  const [isErasing, erase] = useAction(async () => {
    if (await deleteExecution(one.id)) go(`/functions/${one.function_id}/executions`, { replace: true });
  });
  return <div class="screen-head">
    <div>
      <a class="muted row" href={href(`/functions/${one.function_id}/executions`)}>
        <Icon name="arrowLeft" />{name ?? one.function_id} · {t("tab.executions")}
      </a>
      <div class="screen-title">
        <h1>{t("execution.title")}</h1>
        <StatusBadge status={one.status} /><TriggerBadge trigger={one.trigger} />
        {ran && <a class="badge" href={href(`/functions/${one.function_id}?version=${ran}`)}>{version}</a>}
      </div>
      <p class="subtitle row">
        <Id id={one.id} /><span>{duration(one.duration_ms)}</span><span>{absoluteTime(one.created_at)}</span>
      </p>
    </div>
    <div class="actions">
      {active &&
      <LinkButton icon="code" href={href(`/functions/${one.function_id}/diff/${ran}/${active}`)}>{t("versions.compareActive")}</LinkButton>}
      {one.event_json && <LinkButton icon="play" href={href(`/functions/${one.function_id}/test?from=${one.id}`)}>{t("execution.openInTest")}</LinkButton>}
      <Button icon="refresh" busy={isBusy} disabled={!one.event_json} onClick={replay}>{t("execution.replay")}</Button>
      {one.status !== "pending" &&
      <Button kind="danger" icon="trash" busy={isErasing} label={t("execution.delete")} onClick={erase} />}
    </div>
  </div>;
}

function Event({ text }: { text: string | undefined }) {
  const [view, setView] = useState("event");
  const event = useMemo(() => parsed(text), [text]);
  if (!text) return <Card title={t("execution.event")}><p class="muted">{t("execution.noEvent")}</p></Card>;
  const hasBody = typeof event?.body === "string" && event.body !== "";
  const actions =
    hasBody &&
    <Segmented label={t("body.view")} value={view} onChange={setView}
      options={[["event", t("execution.event")], ["body", t("body.body")]]} />;
  return <Card title={t("execution.event")} actions={actions}>
    <div class="stack-s">
      {hasBody && view === "body"
        ? <Body text={event.body} type={contentType(event.headers ?? {})} isBase64={event.isBase64Encoded === true} />
        : <JsonBlock text={text} label={t("execution.event")} />}
      <StoredNotes text={text} />
    </div>
  </Card>;
}
