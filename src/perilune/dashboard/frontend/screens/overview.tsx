// How the server is doing.

import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import type { Page, Schedule, ServerVersion, StatisticsOverview, SummaryOf } from "../answers.ts";
import { get } from "../api.ts";
import { bytes, duration, number, percent, relativeTime, absoluteTime } from "../format.ts";
import { t } from "../i18n.ts";
import { useRefresh, useResource } from "../resource.ts";
import { href, setQuery } from "../router.ts";
import type { ScreenProps } from "../routes.ts";
import { Badge } from "../ui/badge.tsx";
import { LinkButton } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { Chart } from "../ui/chart.tsx";
import { Segmented } from "../ui/field.tsx";
import { Empty, Loaded } from "../ui/state.tsx";
import { Table, type Column } from "../ui/table.tsx";

const RANGES = ["1h", "24h", "7d", "30d"] as const;
const REFRESH_MS = 10_000;
const SLOW_REFRESH_MS = 30_000;
const SHOWN_RUNS = 5;
const PART = 100; // schedules per request: the most that the API gives

export default function Overview({ query }: ScreenProps) {
  const range = RANGES.find((one) => one === query.get("range")) ?? "24h";
  const stats = useResource((signal) => get<StatisticsOverview>("/api/stats", { query: { range }, signal }), [range]);
  useRefresh(stats.reload, REFRESH_MS);
  return <div class="screen">
    <div class="screen-head">
      <div><h1>{t("overview.title")}</h1><p class="subtitle">{t("overview.subtitle")}</p></div>
      <Segmented label={t("overview.range")} value={range} onChange={(value) => setQuery({ range: value })}
        options={RANGES.map((one) => [one, t(`range.${one}`)])} />
    </div>
    <Loaded of={stats}>
      {(data) =>
        data.function_count === 0
          ? <Card><Empty title={t("functions.none")} text={t("functions.noneText")}>
              <LinkButton kind="primary" icon="plus" href={href("/functions/new")}>{t("functions.new")}</LinkButton>
            </Empty></Card>
          : <><Figures data={data} /><Charts data={data} /><Rankings data={data} /></>}
    </Loaded>
    <div class="columns"><Upcoming /><Server /></div>
  </div>;
}

function Figures({ data: { range, total, function_count: functions, running } }: { data: StatisticsOverview }) {
  const since = `/executions?since=${range}`;
  const tiles = [
    [t("overview.requests"), number(total.executions), "", since],
    [t("overview.errors"), percent(total.executions ? total.errors / total.executions : 0), t("overview.failed", { count: total.errors }), `${since}&status=error`],
    [t("overview.median"), duration(total.p50_ms), t("overview.p95", { value: duration(total.p95_ms) })],
    [t("overview.running"), number(running), "", "/executions?status=pending"],
    [t("nav.functions"), number(functions), "", "/functions"],
  ];
  return <dl class="tiles">
    {tiles.map(
      ([name, value, remark, path]) => <div class="tile" key={name}>
        <dt>{name}</dt>
        <dd>{path ? <a href={href(path)}>{value}</a> : value}{remark && <small>{remark}</small>}</dd>
      </div>,
    )}
  </dl>;
}

function Charts({ data }: { data: StatisticsOverview }) {
  const times = useMemo(() => data.series.map((one) => one.time), [data]);
  const requests = useMemo(
    () => [
      { label: t("overview.requests"), colour: "--accent", values: data.series.map((one) => one.executions), fill: true },
      { label: t("overview.errors"), colour: "--bad", values: data.series.map((one) => one.errors) },
    ],
    [data],
  );
  const latency = useMemo(
    () => [
      { label: t("overview.medianShort"), colour: "--info", values: data.series.map((one) => one.p50_ms ?? null) },
      { label: t("overview.p95Short"), colour: "--warn", values: data.series.map((one) => one.p95_ms ?? null) },
    ],
    [data],
  );
  return <div class="columns">
    <Card title={t("overview.requestsChart")}>
      <Chart times={times} series={requests} format={number}
        label={t("overview.requestsLabel", { count: data.total.executions, errors: data.total.errors })} />
    </Card>
    <Card title={t("overview.latencyChart")}>
      <Chart times={times} series={latency} format={duration} label={t("overview.latencyLabel", { value: duration(data.total.p50_ms) })} />
    </Card>
  </div>;
}

function Rankings({ data }: { data: StatisticsOverview }) {
  const byId = new Map(data.functions.map((one) => [one.function_id, one]));
  const pick = (ids: string[]) => ids.map((id) => byId.get(id)).filter((one) => one !== undefined).slice(0, 5);
  return <div class="columns">
    <Card title={t("overview.failing")} flush>
      <Ranking rows={pick(data.failing)} caption={t("overview.failing")} title={t("overview.errors")}
        empty={t("overview.noneFailing")} value={(one) => <Badge tone="bad">{number(one.errors)}</Badge>} />
    </Card>
    <Card title={t("overview.slow")} flush>
      <Ranking rows={pick(data.slow)} caption={t("overview.slow")} title={t("overview.p95Short")} empty={t("overview.noneSlow")}
        value={(one) => duration(one.p95_ms)} />
    </Card>
  </div>;
}

function Ranking({ rows, caption, title, empty, value }: {
  rows: SummaryOf[];
  caption: string;
  title: string;
  empty: string;
  value: (one: SummaryOf) => ComponentChildren;
}) {
  if (rows.length === 0) return <Empty title={empty} />;
  const columns: Column<SummaryOf>[] = [
    {
      id: "name",
      title: t("functions.name"),
      cell: (one) => <a class="mono" href={href(`/functions/${one.function_id}/executions`)}>{one.name}</a>,
    },
    { id: "count", title: t("overview.requests"), end: true, cell: (one) => number(one.executions) },
    { id: "value", title, end: true, cell: value },
  ];
  return <Table caption={caption} columns={columns} rows={rows} rowKey={(one) => one.function_id} />;
}

type Readiness = { sandbox: { grade: string; missing: string[] } };
type Due = Schedule & { next_run: number };

/** Every schedule: the API gives them in the order of creation. */
async function allSchedules(signal: AbortSignal): Promise<Schedule[]> {
  const found: Schedule[] = [];
  for (let total = 1; found.length < total; ) {
    const part = await get<Page<"schedules", Schedule>>("/api/schedules", { query: { limit: PART, offset: found.length }, signal });
    if (part.schedules.length === 0) break;
    found.push(...part.schedules);
    total = part.pagination.total;
  }
  return found;
}

/** What is scheduled next. */
function Upcoming() {
  const list = useResource(allSchedules, []);
  useRefresh(list.reload, SLOW_REFRESH_MS);
  return <Card title={t("overview.schedules")} flush>
    <Loaded of={list}>
      {(every) => {
        const schedules = every
          .filter((one): one is Due => Boolean(one.next_run))
          .sort((a, b) => a.next_run - b.next_run)
          .slice(0, SHOWN_RUNS);
        if (schedules.length === 0) return <Empty title={t("overview.noSchedules")} />;
        const columns: Column<Due>[] = [
          {
            id: "name",
            title: t("functions.name"),
            cell: (one) => <a class="mono" href={href(`/functions/${one.function_id}/settings`)}>{one.name}</a>,
          },
          { id: "expression", title: t("overview.expression"), cell: (one) => <code>{one.cron_schedule}</code> },
          {
            id: "next",
            title: t("overview.next"),
            cell: (one) =>
              <span class="nowrap" title={absoluteTime(one.next_run)}>{relativeTime(one.next_run)}</span>,
          },
        ];
        return <Table caption={t("overview.schedules")} columns={columns} rows={schedules}
          rowKey={(one) => one.function_id} />;
      }}
    </Loaded>
  </Card>;
}

/** The sandbox, the store, the version. */
function Server() {
  const ready = useResource((signal) => get<Readiness>("/readyz", { signal }), []);
  const version = useResource((signal) => get<ServerVersion>("/api/version", { signal }), []);
  return <Card title={t("overview.server")}>
    <Loaded of={ready}>
      {({ sandbox }) => <dl class="facts">
        <dt>{t("overview.sandbox")}</dt>
        <dd>
          <Badge tone={sandbox.grade === "full" ? "good" : "warn"} dot>{t(sandbox.grade === "full" ? "overview.sandboxFull" : "overview.sandboxRelaxed")}</Badge>
          {sandbox.missing.length > 0 && <> <span class="hint">{t("overview.missing", { layers: sandbox.missing.join(", ") })}</span></>}
        </dd>
        {version.data && <><dt>{t("overview.version")}</dt><dd>{version.data.version}</dd></>}
        {version.data?.store_bytes !== undefined && <><dt>{t("overview.store")}</dt><dd>{bytes(version.data.store_bytes)}</dd></>}
        <dt>{t("overview.docs")}</dt><dd><a href="/docs" target="_blank" rel="noopener">/docs</a></dd>
      </dl>}
    </Loaded>
  </Card>;
}
