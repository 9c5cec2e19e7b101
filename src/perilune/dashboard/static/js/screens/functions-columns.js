// The columns of the list of functions.

import { absoluteTime, number, percent, relativeTime } from "../format.js";
import { t } from "../i18n.js";
import { html } from "../lib.js";
import { href } from "../router.js";
import { Badge, EnabledBadge, StatusBadge, languageName } from "../ui/badge.js";
import { Icon } from "../ui/icon.js";

/**
 * @param {{
 *   activity: Map<string, any>,
 *   chosen: readonly string[],
 *   choose: (ids: string[], isOn: boolean) => void,
 *   rows: any[],
 * }} given
 */
export function columns({ activity, chosen, choose, rows }) {
  const ids = rows.map((one) => one.id);
  const areAll = ids.every((one) => chosen.includes(one));
  return [
    {
      id: "choose",
      title: html`<input type="checkbox" checked=${areAll} aria-label=${t("functions.chooseAll")} onChange=${() => choose(ids, !areAll)} />`,
      cell: (/** @type {any} */ one) => html`<input type="checkbox" checked=${chosen.includes(one.id)}
        aria-label=${t("functions.choose", { name: one.name })}
        onChange=${(/** @type {any} */ event) => choose([one.id], event.currentTarget.checked)} />`,
    },
    {
      id: "name",
      title: t("functions.name"),
      sortable: true,
      cell: (/** @type {any} */ one) => html`<div>
        <a class="mono" href=${href(`/functions/${one.id}`)}>${one.name}</a>
        ${one.description && html`<div class="hint">${one.description}</div>`}
      </div>`,
    },
    { id: "runtime", chip: true, title: t("functions.language"), cell: (/** @type {any} */ one) => languageName(one.runtime) },
    {
      id: "status",
      chip: true,
      title: t("functions.status"),
      cell: (/** @type {any} */ one) => html`<${EnabledBadge} disabled=${one.disabled} />`,
    },
    {
      id: "version",
      chip: true,
      title: t("functions.version"),
      cell: (/** @type {any} */ one) => (one.active_version ? html`<${Badge}>v${one.active_version.version}<//>` : "–"),
    },
    {
      id: "triggers",
      title: t("functions.triggers"),
      cell: (/** @type {any} */ one) => html`<${Triggers} one=${one} due=${activity.get(one.id)?.next_run} />`,
    },
    {
      id: "executions",
      title: t("functions.day"),
      end: true,
      cell: (/** @type {any} */ one) => html`<${Day} figures=${activity.get(one.id)} id=${one.id} />`,
    },
    {
      id: "last",
      title: t("functions.last"),
      cell: (/** @type {any} */ one) => html`<${Last} last=${activity.get(one.id)?.last_execution} />`,
    },
    {
      id: "updated_at",
      title: t("functions.updated"),
      sortable: true,
      cell: (/** @type {any} */ one) =>
        html`<span class="nowrap" title=${absoluteTime(one.updated_at)}>${relativeTime(one.updated_at)}</span>`,
    },
  ];
}

/** How often it ran in the last 24 hours, and how often it failed. @param {{ figures: any, id: string }} props */
function Day({ figures, id }) {
  if (!figures?.executions) return html`<span class="muted">–</span>`;
  return html`<a class="nowrap" href=${href(`/functions/${id}/executions?since=24h`)}>${number(figures.executions)}</a>
    ${figures.errors > 0 &&
    html` <${Badge} tone="bad" title=${t("overview.failed", { count: figures.errors })}>${percent(figures.errors / figures.executions)}<//>`}`;
}

/** What starts it: calls, and a schedule with its next run. @param {{ one: any, due: number | undefined }} props */
function Triggers({ one, due }) {
  const { cron_schedule: expression, cron_status: status } = one;
  const isActive = status === "active" && !one.disabled;
  const when = due === undefined ? expression : `${expression} · ${absoluteTime(due)}`;
  return html`<span class="row nowrap">
    <${Badge}>HTTP<//>
    ${expression &&
    html`<${Badge} tone=${isActive ? "info" : ""} title=${when}><${Icon} name=${isActive ? "clock" : "pause"} />
      ${!isActive ? t("functions.paused") : due === undefined ? expression : relativeTime(due)}<//>`}
  </span>`;
}

/** Its latest execution; only what went wrong stands out. @param {{ last: any }} props */
function Last({ last }) {
  if (!last) return html`<span class="muted">–</span>`;
  return html`<span class="row nowrap">
    <a href=${href(`/executions/${last.id}`)} title=${absoluteTime(last.created_at)}>${relativeTime(last.created_at)}</a>
    ${last.status !== "success" && html`<${StatusBadge} status=${last.status} />`}
  </span>`;
}
