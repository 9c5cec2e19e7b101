// When a function runs by itself.

import { useEffect, useState } from "preact/hooks";
import type { FunctionRecord, Page, Tick } from "../answers.ts";
import { ApiError, get } from "../api.ts";
import { cronWords } from "../cron.ts";
import { fieldError } from "../errors.ts";
import { SETTINGS } from "../function-settings.ts";
import { absoluteTime, relativeTime, time } from "../format.ts";
import { hasText, t, type TextKey } from "../i18n.ts";
import { useResource, type Resource } from "../resource.ts";
import { href } from "../router.ts";
import { Badge, type Tone } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { CheckField, SelectField, TextField } from "../ui/field.tsx";
import { Empty, Loaded } from "../ui/state.tsx";
import { Pagination, Table, type Column } from "../ui/table.tsx";
import { SettingsCard } from "./settings-card.tsx";
import { existing, textProblem } from "./settings-checks.ts";

const TYPING_DELAY_MS = 300;

const PRESETS: readonly (readonly [string, TextKey])[] = [
  ["* * * * *", "schedule.minute"],
  ["*/5 * * * *", "schedule.minutes5"],
  ["*/15 * * * *", "schedule.minutes15"],
  ["0 * * * *", "schedule.hour"],
  ["0 0 * * *", "schedule.day"],
  ["0 0 * * 0", "schedule.week"],
];

/** What the preview has refused. */
type Refusal = { expression: string; zone: string; problems: Record<string, string> };

/** Whether it is the schedule in *values* that was refused, and not what was typed before. */
const isAbout = (refused: Refusal | null, values: { cron_schedule: string; cron_time_zone: string }) =>
  refused?.expression === values.cron_schedule && refused?.zone === values.cron_time_zone;

export function ScheduleCard({ data, found }: { data: FunctionRecord; found: Resource<FunctionRecord> }) {
  const read = (now: FunctionRecord) => ({
    cron_schedule: now.cron_schedule ?? "",
    cron_status: now.cron_status ?? SETTINGS.cron_status.default,
    cron_time_zone: now.cron_time_zone ?? "",
    cron_missed: now.cron_missed ?? SETTINGS.cron_missed.default,
    cron_overlap: now.cron_overlap ?? SETTINGS.cron_overlap.default,
  });
  const [refused, setRefused] = useState<Refusal | null>(null);
  const check = (values: ReturnType<typeof read>) =>
    existing({
      ...(isAbout(refused, values) ? refused?.problems : {}),
      cron_schedule: textProblem(values.cron_schedule, { most: SETTINGS.cron_schedule.maxChars }) ||
        (isAbout(refused, values) ? (refused?.problems["cron_schedule"] ?? "") : ""),
      cron_status: values.cron_status === "active" && !values.cron_schedule.trim() ? t("rule.needsSchedule") : "",
    });
  const toBody = (values: Partial<ReturnType<typeof read>>) => ({
    ...values,
    ...("cron_time_zone" in values ? { cron_time_zone: values.cron_time_zone || null } : {}),
  });
  return <SettingsCard id="schedule" data={data} found={found} title={t("schedule.title")} subtitle={t("schedule.text")}
    read={read} check={check} toBody={toBody}>
    {({ values, set, errors }) => <>
      <CheckField label={t("schedule.active")} checked={values.cron_status === "active"} error={errors["cron_status"]}
        onChange={(on) => set({ cron_status: on ? "active" : "paused" })} />
      <TextField label={t("schedule.expression")} hint={t("schedule.hint")} mono placeholder="*/5 * * * *"
        value={values.cron_schedule} error={errors["cron_schedule"]}
        onInput={(text) => set({ cron_schedule: text })} />
      <div class="row" role="group" aria-label={t("schedule.presets")}>
        {PRESETS.map(
          ([expression, key]) => <Button key={expression} small pressed={values.cron_schedule === expression}
            onClick={() => set({ cron_schedule: expression })}>{t(key)}</Button>,
        )}
      </div>
      <CronHelp />
      <NextRuns expression={values.cron_schedule} zone={values.cron_time_zone} onRefused={setRefused} />
      <div class="thirds">
        <TextField label={t("schedule.zone")} hint={t("schedule.zoneHint")} placeholder="Europe/Berlin" list="time-zones"
          value={values.cron_time_zone} error={errors["cron_time_zone"]}
          onInput={(zone) => set({ cron_time_zone: zone })} />
        <SelectField label={t("schedule.missed")} value={values.cron_missed} error={errors["cron_missed"]}
          options={[["skip", t("schedule.missedSkip")], ["run_once", t("schedule.missedRun")]]}
          onChange={(policy) => set({ cron_missed: policy })} />
        <SelectField label={t("schedule.overlap")} value={values.cron_overlap} error={errors["cron_overlap"]}
          options={[["skip", t("schedule.overlapSkip")], ["allow", t("schedule.overlapAllow")]]}
          onChange={(policy) => set({ cron_overlap: policy })} />
      </div>
      <datalist id="time-zones">{Intl.supportedValuesOf("timeZone").map((zone) => <option key={zone} value={zone}></option>)}</datalist>
    </>}
  </SettingsCard>;
}

const SIGNS: readonly (readonly [string, TextKey])[] = [
  ["*", "schedule.signAny"],
  ["5", "schedule.signOne"],
  ["1,15", "schedule.signList"],
  ["9-17", "schedule.signRange"],
  ["*/10", "schedule.signStep"],
  ["mon, jan", "schedule.signName"],
  ["@daily", "schedule.signWord"],
];

function CronHelp() {
  return <details>
    <summary>{t("schedule.help")}</summary>
    <div class="stack-s">
      <p class="hint">{t("schedule.order")}</p>
      <pre class="code" role="group" tabindex={0} aria-label={t("schedule.order")}>30 9 * * 1-5</pre>
      <dl class="facts">
        {SIGNS.map(([sign, key]) => <><dt key={sign}><code>{sign}</code></dt><dd>{t(key)}</dd></>)}
      </dl>
    </div>
  </details>;
}

/** When the schedule that is being written would be due. */
function NextRuns({ expression, zone, onRefused }: {
  expression: string;
  zone: string;
  onRefused: (refused: Refusal) => void;
}) {
  const [preview, setPreview] = useState<{ next_runs: number[]; time_zone: string } | null>(null);
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
  return <div role="status" class="stack-s">
    {words && <p class="note">{words}</p>}
    <h3>{t("schedule.next", { zone: preview.time_zone })}</h3>
    <ol class="next-runs">
      {preview.next_runs.map((at: number) => <li key={at}>{inZone(at, preview.time_zone)} <span class="muted">{relativeTime(at)}</span></li>)}
    </ol>
  </div>;
}

function inZone(seconds: number, zone: string) {
  const options = { dateStyle: "medium", timeStyle: "short" } as const;
  try {
    return new Date(seconds * 1000).toLocaleString(document.documentElement.lang, { ...options, timeZone: zone });
  } catch {
    return absoluteTime(seconds); // a zone that this browser does not know
  }
}

const TONES: Record<string, Tone> = { claimed: "", started: "good", failed: "bad", interrupted: "bad" };

/** What has become of the due times. */
export function Ticks({ functionId }: { functionId: string }) {
  const [page, setPage] = useState({ limit: 20, offset: 0 });
  const list = useResource(
    (signal) => get<Page<"ticks", Tick>>(`/api/functions/${functionId}/ticks`, { query: page, signal }),
    [functionId, page.limit, page.offset],
  );
  const columns: Column<Tick>[] = [
    { id: "tick", title: t("schedule.due"), cell: (one) => <span title={absoluteTime(one.tick)}>{time(one.tick)}</span> },
    {
      id: "outcome",
      title: t("schedule.outcome"),
      cell: (one) => {
        const key = `tick.${one.outcome}`;
        return <Badge tone={TONES[one.outcome] ?? "warn"}>{hasText(key) ? t(key) : one.outcome}</Badge>;
      },
    },
    {
      id: "execution",
      title: t("executions.id"),
      cell: (one) =>
        one.execution_id ? <a class="mono" href={href(`/executions/${one.execution_id}`)}>{one.execution_id}</a> : "–",
    },
    {
      id: "reason",
      title: t("schedule.reason"),
      cell: (one) =>
        [one.reason, one.passed_over > 0 && t("schedule.passedOver", { count: one.passed_over })].filter(Boolean).join(" · ") || "–",
    },
  ];
  return <Card id="ticks" title={t("schedule.history")} flush>
    <Loaded of={list}>
      {({ ticks, pagination }) =>
        ticks.length === 0
          ? <Empty title={t("schedule.noHistory")} />
          : <><Table caption={t("schedule.history")} columns={columns} rows={ticks} rowKey={(one) => String(one.tick)} />
              <Pagination pagination={pagination} onChange={setPage} /></>}
    </Loaded>
  </Card>;
}
