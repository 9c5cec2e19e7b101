// The executions of one function.

import { useMemo } from "preact/hooks";
import type { Statistics } from "../answers.ts";
import { get } from "../api.ts";
import { duration, number } from "../format.ts";
import { t } from "../i18n.ts";
import { useResource } from "../resource.ts";
import { href } from "../router.ts";
import type { ScreenProps } from "../routes.ts";
import { LinkButton } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { Chart } from "../ui/chart.tsx";
import { FunctionFrame, tabPath } from "../ui/function-frame.tsx";
import { Empty } from "../ui/state.tsx";
import { ExecutionList } from "./execution-list.tsx";

export default function Executions({ params, query }: ScreenProps) {
  const id = params["id"] ?? "";
  const empty = <Empty title={t("executions.none")} text={t("executions.noneText")}>
    <LinkButton icon="play" href={href(tabPath(id, "test"))}>{t("tab.test")}</LinkButton>
  </Empty>;
  return <FunctionFrame id={id} tab="executions">
    {() => <><Day id={id} /><ExecutionList functionId={id} query={query} empty={empty} /></>}
  </FunctionFrame>;
}

/** Executions and errors of the last 24 hours; nothing where nothing ran. */
function Day({ id }: { id: string }) {
  const { data } = useResource((signal) => get<Statistics>(`/api/functions/${id}/stats`, { query: { range: "24h" }, signal }), [id]);
  const times = useMemo(() => (data?.series ?? []).map((one) => one.time), [data]);
  const series = useMemo(
    () => [
      { label: t("overview.requests"), colour: "--accent", values: (data?.series ?? []).map((one) => one.executions), fill: true },
      { label: t("overview.errors"), colour: "--bad", values: (data?.series ?? []).map((one) => one.errors) },
    ],
    [data],
  );
  if (!data?.total.executions) return null;
  const { executions, errors, p50_ms: median, p95_ms: high } = data.total;
  const figures = `${t("overview.median")} ${duration(median)} · ${t("overview.p95", { value: duration(high) })}`;
  return <Card title={t("range.24h")} subtitle={figures}>
    <Chart times={times} series={series} format={number} height={110}
      label={t("overview.requestsLabel", { count: executions, errors })} />
  </Card>;
}
