// All functions.

import { useEffect, useState } from "preact/hooks";
import type { Activity, FunctionRecord, Page } from "../answers.ts";
import { get } from "../api.ts";
import { t } from "../i18n.ts";
import { useRefresh, useResource } from "../resource.ts";
import { href, setQuery } from "../router.ts";
import type { ScreenProps } from "../routes.ts";
import { LinkButton } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { SelectField, TextField } from "../ui/field.tsx";
import { Empty, Loaded } from "../ui/state.tsx";
import { Pagination, Table, pageOf, useExistingPage } from "../ui/table.tsx";
import { BulkActions } from "./functions-bulk.tsx";
import { columns } from "./functions-columns.tsx";

const SEARCH_DELAY_MS = 200;
const REFRESH_MS = 15_000;
const ACTIVITY_MS = 5000;

const FILTERS = ["", "enabled", "disabled", "scheduled", "failing"] as const;

export default function Functions({ query }: ScreenProps) {
  const page = pageOf(query);
  const q = query.get("q") ?? "";
  const sort = query.get("sort") ?? "";
  const filter = FILTERS.find((one) => one === query.get("show")) ?? "";
  const list = useResource(
    (signal) => get<Page<"functions", FunctionRecord>>("/api/functions", { query: { ...page, q, sort, show: filter, fields: "summary" }, signal }),
    [page.limit, page.offset, q, sort, filter],
  );
  useRefresh(list.reload, REFRESH_MS);
  useExistingPage(list.data?.pagination);
  const activity = useActivity(list.data?.functions ?? []);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const choose = (ids: string[], isOn: boolean) =>
    setChosen(isOn ? [...new Set([...chosen, ...ids])] : chosen.filter((one) => !ids.includes(one)));
  const actions = <>
    <SelectField label={t("functions.show")} hideLabel value={filter}
      options={FILTERS.map((one) => [one, t(`functionFilter.${one || "all"}`)])}
      onChange={(show) => setQuery({ show, offset: null })} />
    <Search q={q} />
  </>;
  const total = list.data && t("functions.count", { count: list.data.pagination.total });
  return <div class="screen">
    <div class="screen-head">
      <div>
        <h1>{t("functions.title")}</h1>
        <p class="subtitle">{t("functions.subtitle")}</p>
      </div>
      <LinkButton kind="primary" icon="plus" href={href("/functions/new")}>{t("functions.new")}</LinkButton>
    </div>
    <Card title={t("functions.all")} flush actions={actions} subtitle={total}>
      <Loaded of={list}>
        {({ functions: rows, pagination }) => {
          if (rows.length === 0) return <Nothing isSearch={q !== "" || filter !== ""} />;
          const picked = rows.filter((one) => chosen.includes(one.id));
          return <><BulkActions functions={picked} onDone={() => {
              setChosen([]);
              void list.reload();
            }} />
            <Table caption={t("functions.all")} columns={columns({ activity, chosen, choose, rows })} rows={rows} sort={sort}
              rowKey={(one) => one.id}
              onSort={(value) => setQuery({ sort: value, offset: null })} />
            <Pagination pagination={pagination} onChange={setQuery} /></>;
        }}
      </Loaded>
    </Card>
  </div>;
}

/**
 * What the functions in sight have done of late, kept fresh; the list is there without it.
 *
 * @returns by id of the function
 */
function useActivity(functions: { id: string }[]): Map<string, Activity> {
  const ids = functions.map((one) => one.id).join(",");
  const found = useResource(
    async (signal) => (ids ? get<{ functions: Activity[] }>("/api/stats/functions", { query: { ids }, signal }) : { functions: [] }),
    [ids],
  );
  useRefresh(found.reload, ACTIVITY_MS);
  return new Map((found.data?.functions ?? []).map((one) => [one.function_id, one]));
}

function Search({ q }: { q: string }) {
  const [text, setText] = useState(q);
  useEffect(() => {
    if (text === q) return undefined;
    const timer = setTimeout(() => setQuery({ q: text, offset: null }), SEARCH_DELAY_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return <TextField label={t("functions.search")} hideLabel placeholder={t("functions.search")}
    type="search" value={text} onInput={setText} />;
}

function Nothing({ isSearch }: { isSearch: boolean }) {
  if (isSearch) return <Empty title={t("functions.noneFound")} />;
  return <Empty title={t("functions.none")} text={t("functions.noneText")}>
    <LinkButton kind="primary" icon="plus" href={href("/functions/new")}>{t("functions.new")}</LinkButton>
  </Empty>;
}
