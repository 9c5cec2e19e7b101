// The executions of one function.

import { get } from "../api.js";
import { duration, number } from "../format.js";
import { t } from "../i18n.js";
import { html, useMemo } from "../lib.js";
import { useResource } from "../resource.js";
import { href } from "../router.js";
import { LinkButton } from "../ui/button.js";
import { Card } from "../ui/card.js";
import { Chart } from "../ui/chart.js";
import { FunctionFrame, tabPath } from "../ui/function-frame.js";
import { Empty } from "../ui/state.js";
import { ExecutionList } from "./execution-list.js";

/** @param {import("../routes.js").ScreenProps} props */
export default function Executions({ params, query }) {
  const id = params["id"] ?? "";
  const empty = html`<${Empty} title=${t("executions.none")} text=${t("executions.noneText")}>
    <${LinkButton} icon="play" href=${href(tabPath(id, "test"))}>${t("tab.test")}<//>
  <//>`;
  return html`<${FunctionFrame} id=${id} tab="executions">
    ${() => html`<${Day} id=${id} /><${ExecutionList} functionId=${id} query=${query} empty=${empty} />`}
  <//>`;
}

/** Executions and errors of the last 24 hours; nothing where nothing ran. @param {{ id: string }} props */
function Day({ id }) {
  const { data } = useResource((signal) => get(`/api/functions/${id}/stats`, { query: { range: "24h" }, signal }), [id]);
  const times = useMemo(() => (data?.series ?? []).map((/** @type {any} */ one) => one.time), [data]);
  const series = useMemo(
    () => [
      { label: t("overview.requests"), colour: "--accent", values: (data?.series ?? []).map((/** @type {any} */ one) => one.executions), fill: true },
      { label: t("overview.errors"), colour: "--bad", values: (data?.series ?? []).map((/** @type {any} */ one) => one.errors) },
    ],
    [data],
  );
  if (!data?.total.executions) return null;
  const { executions, errors, p50_ms: median, p95_ms: high } = data.total;
  const figures = `${t("overview.median")} ${duration(median)} · ${t("overview.p95", { value: duration(high) })}`;
  return html`<${Card} title=${t("range.24h")} subtitle=${figures}>
    <${Chart} times=${times} series=${series} format=${number} height=${110}
      label=${t("overview.requestsLabel", { count: executions, errors })} />
  <//>`;
}
