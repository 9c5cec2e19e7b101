// One execution: what came in, what was logged, how it ended.

import { get, post } from "../api.js";
import { errorText } from "../errors.js";
import { absoluteTime, duration } from "../format.js";
import { t } from "../i18n.js";
import { html, useEffect, useMemo, useState } from "../lib.js";
import { useAction, useResource } from "../resource.js";
import { go, href } from "../router.js";
import { useSubject } from "../title.js";
import { Id, StatusBadge, TriggerBadge } from "../ui/badge.js";
import { Button, LinkButton } from "../ui/button.js";
import { Body } from "../ui/body.js";
import { Card } from "../ui/card.js";
import { JsonBlock } from "../ui/code.js";
import { Segmented } from "../ui/field.js";
import { Guarded } from "../ui/guarded.js";
import { Icon } from "../ui/icon.js";
import { Loaded } from "../ui/state.js";
import { toast } from "../ui/toast.js";
import { ErrorReport } from "./execution-error.js";
import { deleteExecution, versionOf } from "./execution-list.js";
import { Logs } from "./execution-logs.js";
import { AiRequests, EmailRequests } from "./execution-requests.js";
import { StoredNotes, StoredResponse, contentType, parsed } from "./execution-response.js";

const PENDING_POLL_MS = 1000;

/** @param {import("../routes.js").ScreenProps} props */
export default function ExecutionDetails({ params }) {
  const id = params["id"] ?? "";
  const found = useResource((signal) => get(`/api/executions/${id}`, { signal }), [id]);
  const isPending = found.data?.status === "pending";
  useEffect(() => {
    if (!isPending) return undefined;
    const timer = setInterval(() => void found.reload(), PENDING_POLL_MS);
    return () => clearInterval(timer);
  }, [isPending, found.reload]);
  return html`<${Loaded} of=${found}>
    ${(/** @type {any} */ one) => html`<${Details} one=${one} />`}
  <//>`;
}

/** @param {{ one: any }} props */
function Details({ one }) {
  const { id } = one;
  // The function may be gone; its execution is shown all the same (KD-185).
  const owner = useResource((signal) => get(`/api/functions/${one.function_id}`, { signal }), [one.function_id]);
  useSubject(owner.data?.name);
  const ran = Number(versionOf(one).replace(/\D/g, ""));
  const active = owner.data?.active_version?.version;
  return html`<div class="screen">
      <${Head} one=${one} name=${owner.data?.name} active=${ran !== active ? active : undefined} />
      ${one.error_message &&
      html`<${Guarded}>
        <${ErrorReport} report=${one.error_message} kind=${one.error_kind} functionId=${one.function_id} version=${ran} />
      <//>`}
      <div class="columns">
        <${Guarded}><${Event} text=${one.event_json} /><//>
        <${Guarded}><${StoredResponse} text=${one.response_json} /><//>
      </div>
      <${Guarded}><${AiRequests} id=${id} /><//>
      <${Guarded}><${EmailRequests} id=${id} /><//>
      <${Logs} id=${id} isPending=${one.status === "pending"} />
    </div>`;
}

/** @param {{ one: any, name: string | undefined, active: number | undefined }} props  *active* if it is another version */
function Head({ one, name, active }) {
  const version = versionOf(one);
  const ran = version.replace(/\D/g, "");
  const [isBusy, replay] = useAction(async () => {
    try {
      const { execution_id: next } = await post(`/api/executions/${one.id}/replay`);
      toast("good", t("execution.replayed"));
      go(`/executions/${next}`);
    } catch (problem) {
      toast("bad", errorText(problem));
    }
  });
  const [isErasing, erase] = useAction(async () => {
    if (await deleteExecution(one.id)) go(`/functions/${one.function_id}/executions`, { replace: true });
  });
  return html`<div class="screen-head">
    <div>
      <a class="muted row" href=${href(`/functions/${one.function_id}/executions`)}>
        <${Icon} name="arrowLeft" />${name ?? one.function_id} · ${t("tab.executions")}
      </a>
      <div class="screen-title">
        <h1>${t("execution.title")}</h1>
        <${StatusBadge} status=${one.status} /><${TriggerBadge} trigger=${one.trigger} />
        ${ran && html`<a class="badge" href=${href(`/functions/${one.function_id}?version=${ran}`)}>${version}</a>`}
      </div>
      <p class="subtitle row">
        <${Id} id=${one.id} /><span>${duration(one.duration_ms)}</span><span>${absoluteTime(one.created_at)}</span>
      </p>
    </div>
    <div class="actions">
      ${active &&
      html`<${LinkButton} icon="code" href=${href(`/functions/${one.function_id}/diff/${ran}/${active}`)}>${t("versions.compareActive")}<//>`}
      ${one.event_json && html`<${LinkButton} icon="play" href=${href(`/functions/${one.function_id}/test?from=${one.id}`)}>${t("execution.openInTest")}<//>`}
      <${Button} icon="refresh" busy=${isBusy} disabled=${!one.event_json} onClick=${replay}>${t("execution.replay")}<//>
      ${one.status !== "pending" &&
      html`<${Button} kind="danger" icon="trash" busy=${isErasing} label=${t("execution.delete")} onClick=${erase} />`}
    </div>
  </div>`;
}

/** @param {{ text: string | undefined }} props */
function Event({ text }) {
  const [view, setView] = useState("event");
  const event = useMemo(() => parsed(text), [text]);
  if (!text) return html`<${Card} title=${t("execution.event")}><p class="muted">${t("execution.noEvent")}</p><//>`;
  const hasBody = typeof event?.body === "string" && event.body !== "";
  const actions =
    hasBody &&
    html`<${Segmented} label=${t("body.view")} value=${view} onChange=${setView}
      options=${[["event", t("execution.event")], ["body", t("body.body")]]} />`;
  return html`<${Card} title=${t("execution.event")} actions=${actions}>
    <div class="stack-s">
      ${hasBody && view === "body"
        ? html`<${Body} text=${event.body} type=${contentType(event.headers ?? {})} isBase64=${event.isBase64Encoded === true} />`
        : html`<${JsonBlock} text=${text} label=${t("execution.event")} />`}
      <${StoredNotes} text=${text} />
    </div>
  <//>`;
}
