// When a function runs by itself.

import { ApiError, get } from "../api.js";
import { cronWords } from "../cron.js";
import { fieldError } from "../errors.js";
import { absoluteTime, relativeTime, time } from "../format.js";
import { hasText, t } from "../i18n.js";
import { html, useEffect, useState } from "../lib.js";
import { useResource } from "../resource.js";
import { href } from "../router.js";
import { Badge } from "../ui/badge.js";
import { Button } from "../ui/button.js";
import { Card } from "../ui/card.js";
import { CheckField, SelectField, TextField } from "../ui/field.js";
import { Empty, Loaded } from "../ui/state.js";
import { Pagination, Table } from "../ui/table.js";
import { SettingsCard } from "./settings-card.js";
import { existing, textProblem } from "./settings-checks.js";

const TYPING_DELAY_MS = 300;
const MAX_EXPRESSION_CHARS = 100;

/** @type {readonly (readonly [string, import("../i18n.js").TextKey])[]} */
const PRESETS = [
  ["* * * * *", "schedule.minute"],
  ["*/5 * * * *", "schedule.minutes5"],
  ["*/15 * * * *", "schedule.minutes15"],
  ["0 * * * *", "schedule.hour"],
  ["0 0 * * *", "schedule.day"],
  ["0 0 * * 0", "schedule.week"],
];

/** @typedef {{ expression: string, zone: string, problems: Record<string, string> }} Refusal  by the preview */

/**
 * Whether it is the schedule in *values* that was refused, and not what was typed before.
 *
 * @param {Refusal | null} refused
 * @param {Record<string, any>} values
 */
const isAbout = (refused, values) => refused?.expression === values["cron_schedule"] && refused?.zone === values["cron_time_zone"];

/** @param {{ data: any, found: import("../resource.js").Resource<any> }} props */
export function ScheduleCard({ data, found }) {
  const read = (/** @type {any} */ now) => ({
    cron_schedule: now.cron_schedule ?? "",
    cron_status: now.cron_status ?? "paused",
    cron_time_zone: now.cron_time_zone ?? "",
    cron_missed: now.cron_missed ?? "skip",
    cron_overlap: now.cron_overlap ?? "skip",
  });
  const [refused, setRefused] = useState(/** @type {Refusal | null} */ (null));
  const check = (/** @type {Record<string, any>} */ values) =>
    existing({
      ...(isAbout(refused, values) ? refused?.problems : {}),
      cron_schedule: textProblem(values["cron_schedule"], { most: MAX_EXPRESSION_CHARS }) ||
        (isAbout(refused, values) ? (refused?.problems["cron_schedule"] ?? "") : ""),
      cron_status: values["cron_status"] === "active" && !values["cron_schedule"].trim() ? t("rule.needsSchedule") : "",
    });
  const toBody = (/** @type {Record<string, any>} */ values) => ({
    ...values,
    ...("cron_time_zone" in values ? { cron_time_zone: values["cron_time_zone"] || null } : {}),
  });
  return html`<${SettingsCard} id="schedule" data=${data} found=${found} title=${t("schedule.title")} subtitle=${t("schedule.text")}
    read=${read} check=${check} toBody=${toBody}>
    ${(/** @type {import("./settings-card.js").Form} */ { values, set, errors }) => html`
      <${CheckField} label=${t("schedule.active")} checked=${values["cron_status"] === "active"} error=${errors["cron_status"]}
        onChange=${(/** @type {boolean} */ on) => set({ cron_status: on ? "active" : "paused" })} />
      <${TextField} label=${t("schedule.expression")} hint=${t("schedule.hint")} mono placeholder="*/5 * * * *"
        value=${values["cron_schedule"]} error=${errors["cron_schedule"]}
        onInput=${(/** @type {string} */ text) => set({ cron_schedule: text })} />
      <div class="row" role="group" aria-label=${t("schedule.presets")}>
        ${PRESETS.map(
          ([expression, key]) => html`<${Button} key=${expression} small pressed=${values["cron_schedule"] === expression}
            onClick=${() => set({ cron_schedule: expression })}>${t(key)}<//>`,
        )}
      </div>
      <${CronHelp} />
      <${NextRuns} expression=${values["cron_schedule"]} zone=${values["cron_time_zone"]} onRefused=${setRefused} />
      <div class="thirds">
        <${TextField} label=${t("schedule.zone")} hint=${t("schedule.zoneHint")} placeholder="Europe/Berlin" list="time-zones"
          value=${values["cron_time_zone"]} error=${errors["cron_time_zone"]}
          onInput=${(/** @type {string} */ zone) => set({ cron_time_zone: zone })} />
        <${SelectField} label=${t("schedule.missed")} value=${values["cron_missed"]} error=${errors["cron_missed"]}
          options=${[["skip", t("schedule.missedSkip")], ["run_once", t("schedule.missedRun")]]}
          onChange=${(/** @type {string} */ policy) => set({ cron_missed: policy })} />
        <${SelectField} label=${t("schedule.overlap")} value=${values["cron_overlap"]} error=${errors["cron_overlap"]}
          options=${[["skip", t("schedule.overlapSkip")], ["allow", t("schedule.overlapAllow")]]}
          onChange=${(/** @type {string} */ policy) => set({ cron_overlap: policy })} />
      </div>
      <datalist id="time-zones">${Intl.supportedValuesOf("timeZone").map((zone) => html`<option key=${zone} value=${zone}></option>`)}</datalist>
    `}
  <//>`;
}

/** @type {readonly (readonly [string, import("../i18n.js").TextKey])[]} */
const SIGNS = [
  ["*", "schedule.signAny"],
  ["5", "schedule.signOne"],
  ["1,15", "schedule.signList"],
  ["9-17", "schedule.signRange"],
  ["*/10", "schedule.signStep"],
  ["mon, jan", "schedule.signName"],
  ["@daily", "schedule.signWord"],
];

function CronHelp() {
  return html`<details>
    <summary>${t("schedule.help")}</summary>
    <div class="stack-s">
      <p class="hint">${t("schedule.order")}</p>
      <pre class="code" role="group" tabindex="0" aria-label=${t("schedule.order")}>30 9 * * 1-5</pre>
      <dl class="facts">
        ${SIGNS.map(([sign, key]) => html`<dt key=${sign}><code>${sign}</code></dt><dd>${t(key)}</dd>`)}
      </dl>
    </div>
  </details>`;
}

/**
 * When the schedule that is being written would be due.
 *
 * @param {{ expression: string, zone: string, onRefused: (refused: Refusal) => void }} props
 */
function NextRuns({ expression, zone, onRefused }) {
  const [preview, setPreview] = useState(/** @type {any} */ (null));
  useEffect(() => {
    if (!expression.trim()) {
      setPreview(null);
      return undefined;
    }
    const stop = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const query = { cron_schedule: expression, cron_time_zone: zone };
        setPreview(await get("/api/schedules/preview", { query, signal: stop.signal }));
      } catch (problem) {
        if (stop.signal.aborted) return;
        setPreview(null);
        if (problem instanceof ApiError && problem.field) {
          onRefused({ expression, zone, problems: { [problem.field]: fieldError(problem) } });
        }
      }
    }, TYPING_DELAY_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [expression, zone]);
  if (!preview) return null;
  const words = cronWords(expression);
  return html`<div role="status" class="stack-s">
    ${words && html`<p class="note">${words}</p>`}
    <h3>${t("schedule.next", { zone: preview.time_zone })}</h3>
    <ol class="next-runs">
      ${preview.next_runs.map((/** @type {number} */ at) => html`<li key=${at}>${inZone(at, preview.time_zone)} <span class="muted">${relativeTime(at)}</span></li>`)}
    </ol>
  </div>`;
}

/**
 * @param {number} seconds
 * @param {string} zone
 */
function inZone(seconds, zone) {
  const options = /** @type {const} */ ({ dateStyle: "medium", timeStyle: "short" });
  try {
    return new Date(seconds * 1000).toLocaleString(document.documentElement.lang, { ...options, timeZone: zone });
  } catch {
    return absoluteTime(seconds); // a zone that this browser does not know
  }
}

/** @type {Record<string, import("../ui/badge.js").Tone>} */
const TONES = { claimed: "", started: "good", failed: "bad", interrupted: "bad" };

/** What has become of the due times. @param {{ functionId: string }} props */
export function Ticks({ functionId }) {
  const [page, setPage] = useState({ limit: 20, offset: 0 });
  const list = useResource(
    (signal) => get(`/api/functions/${functionId}/ticks`, { query: page, signal }),
    [functionId, page.limit, page.offset],
  );
  const columns = [
    { id: "tick", title: t("schedule.due"), cell: (/** @type {any} */ one) => html`<span title=${absoluteTime(one.tick)}>${time(one.tick)}</span>` },
    {
      id: "outcome",
      title: t("schedule.outcome"),
      cell: (/** @type {any} */ one) => {
        const key = `tick.${one.outcome}`;
        return html`<${Badge} tone=${TONES[one.outcome] ?? "warn"}>${hasText(key) ? t(key) : one.outcome}<//>`;
      },
    },
    {
      id: "execution",
      title: t("executions.id"),
      cell: (/** @type {any} */ one) =>
        one.execution_id ? html`<a class="mono" href=${href(`/executions/${one.execution_id}`)}>${one.execution_id}</a>` : "–",
    },
    {
      id: "reason",
      title: t("schedule.reason"),
      cell: (/** @type {any} */ one) =>
        [one.reason, one.passed_over > 0 && t("schedule.passedOver", { count: one.passed_over })].filter(Boolean).join(" · ") || "–",
    },
  ];
  return html`<${Card} id="ticks" title=${t("schedule.history")} flush>
    <${Loaded} of=${list}>
      ${(/** @type {any} */ { ticks, pagination }) =>
        ticks.length === 0
          ? html`<${Empty} title=${t("schedule.noHistory")} />`
          : html`<${Table} caption=${t("schedule.history")} columns=${columns} rows=${ticks} rowKey=${(/** @type {any} */ one) => String(one.tick)} />
              <${Pagination} pagination=${pagination} onChange=${setPage} />`}
    <//>
  <//>`;
}
