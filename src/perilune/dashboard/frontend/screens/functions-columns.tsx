// The columns of the list of functions.

import type { Activity, FunctionRecord } from "../answers.ts";
import { absoluteTime, number, percent, relativeTime } from "../format.ts";
import { t } from "../i18n.ts";
import { href } from "../router.ts";
import { Badge, CallPath, EnabledBadge, StatusBadge, languageName } from "../ui/badge.tsx";
import { Icon } from "../ui/icon.tsx";
import type { Column } from "../ui/table.tsx";

export function columns({ activity, chosen, choose, rows }: {
  activity: Map<string, Activity>;
  chosen: readonly string[];
  choose: (ids: string[], isOn: boolean) => void;
  rows: FunctionRecord[];
}): Column<FunctionRecord>[] {
  const ids = rows.map((one) => one.id);
  const areAll = ids.every((one) => chosen.includes(one));
  return [
    {
      id: "choose",
      title: <Tick isOn={areAll} label={t("functions.chooseAll")} onChange={(isOn) => choose(ids, isOn)} />,
      cell: (one) => <Tick isOn={chosen.includes(one.id)} label={t("functions.choose", { name: one.name })}
        onChange={(isOn) => choose([one.id], isOn)} />,
    },
    {
      id: "name",
      title: t("functions.name"),
      sortable: true,
      cell: (one) => <div>
        <a class="mono" href={href(`/functions/${one.id}`)}>{one.name}</a>
        {one.description && <div class="hint">{one.description}</div>}
        <div class="hint"><CallPath of={one} /></div>
      </div>,
    },
    { id: "runtime", chip: true, title: t("functions.language"), cell: (one) => languageName(one.runtime) },
    { id: "status", chip: true, title: t("functions.status"), cell: (one) => <EnabledBadge disabled={one.disabled} /> },
    {
      id: "version",
      chip: true,
      title: t("functions.version"),
      cell: (one) => (one.active_version ? <Badge>v{one.active_version.version}</Badge> : "–"),
    },
    {
      id: "triggers",
      title: t("functions.triggers"),
      cell: (one) => <Triggers one={one} due={activity.get(one.id)?.next_run} />,
    },
    {
      id: "executions",
      title: t("functions.day"),
      end: true,
      cell: (one) => <Day figures={activity.get(one.id)} id={one.id} />,
    },
    { id: "last", title: t("functions.last"), cell: (one) => <Last last={activity.get(one.id)?.last_execution} /> },
    {
      id: "updated_at",
      title: t("functions.updated"),
      sortable: true,
      cell: (one) =>
        <span class="nowrap" title={absoluteTime(one.updated_at)}>{relativeTime(one.updated_at)}</span>,
    },
  ];
}

function Tick({ isOn, label, onChange }: { isOn: boolean; label: string; onChange: (isOn: boolean) => void }) {
  return <input type="checkbox" checked={isOn} aria-label={label}
    onChange={(event) => onChange(event.currentTarget.checked)} />;
}

/** How often it ran in the last 24 hours, and how often it failed. */
function Day({ figures, id }: { figures: Activity | undefined; id: string }) {
  if (!figures?.executions) return <span class="muted">–</span>;
  return <><a class="nowrap" href={href(`/functions/${id}/executions?since=24h`)}>{number(figures.executions)}</a>
    {figures.errors > 0 &&
    <> <Badge tone="bad" title={t("overview.failed", { count: figures.errors })}>{percent(figures.errors / figures.executions)}</Badge></>}</>;
}

/** What starts it: calls, and a schedule with its next run. */
function Triggers({ one, due }: { one: FunctionRecord; due: number | undefined }) {
  const { cron_schedule: expression, cron_status: status } = one;
  const isActive = status === "active" && !one.disabled;
  const when = due === undefined ? expression : `${expression} · ${absoluteTime(due)}`;
  return <span class="row nowrap">
    <Badge>HTTP</Badge>
    {expression &&
    <Badge tone={isActive ? "info" : ""} title={when}><Icon name={isActive ? "clock" : "pause"} />
      {!isActive ? t("functions.paused") : due === undefined ? expression : relativeTime(due)}</Badge>}
  </span>;
}

/** Its latest execution; only what went wrong stands out. */
function Last({ last }: { last: Activity["last_execution"] }) {
  if (!last) return <span class="muted">–</span>;
  return <span class="row nowrap">
    <a href={href(`/executions/${last.id}`)} title={absoluteTime(last.created_at)}>{relativeTime(last.created_at)}</a>
    {last.status !== "success" && <StatusBadge status={last.status} />}
  </span>;
}
