// The columns of the list of functions.

import { absoluteTime, number, percent, relativeTime } from "../format.js";
import { t } from "../i18n.js";
import { html } from "../lib.js";
import { href } from "../router.js";
import { Badge, EnabledBadge, languageName } from "../ui/badge.js";

/**
 * @param {{
 *   facts: import("./functions.js").Facts,
 *   chosen: readonly string[],
 *   choose: (ids: string[], isOn: boolean) => void,
 *   rows: any[],
 * }} given
 */
export function columns({ facts, chosen, choose, rows }) {
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
      id: "executions",
      title: t("functions.day"),
      end: true,
      cell: (/** @type {any} */ one) => html`<${Day} figures=${facts.figures.get(one.id)} id=${one.id} />`,
    },
    {
      id: "next",
      title: t("overview.next"),
      cell: (/** @type {any} */ one) => html`<${Next} schedule=${facts.schedules.get(one.id)} expression=${one.cron_schedule} />`,
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

/** @param {{ schedule: any, expression: string | undefined }} props */
function Next({ schedule, expression }) {
  if (!expression) return html`<span class="muted">–</span>`;
  if (!schedule?.next_run) return html`<code>${expression}</code>`;
  return html`<span class="nowrap" title=${`${expression} · ${absoluteTime(schedule.next_run)}`}>${relativeTime(schedule.next_run)}</span>`;
}
