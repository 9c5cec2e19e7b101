// All functions.

import { get } from "../api.js";
import { t } from "../i18n.js";
import { html, useEffect, useState } from "../lib.js";
import { useRefresh, useResource } from "../resource.js";
import { href, setQuery } from "../router.js";
import { LinkButton } from "../ui/button.js";
import { Card } from "../ui/card.js";
import { SelectField, TextField } from "../ui/field.js";
import { Empty, Loaded } from "../ui/state.js";
import { Pagination, Table, pageOf, useExistingPage } from "../ui/table.js";
import { BulkActions } from "./functions-bulk.js";
import { columns } from "./functions-columns.js";

const SEARCH_DELAY_MS = 200;
const REFRESH_MS = 15_000;
const ACTIVITY_MS = 5000;

/** @type {readonly string[]} */
const FILTERS = ["", "enabled", "disabled", "scheduled", "failing"];

/** @param {import("../routes.js").ScreenProps} props */
export default function Functions({ query }) {
  const page = pageOf(query);
  const q = query.get("q") ?? "";
  const sort = query.get("sort") ?? "";
  const filter = FILTERS.find((one) => one === query.get("show")) ?? "";
  const list = useResource(
    (signal) => get("/api/functions", { query: { ...page, q, sort, show: filter, fields: "summary" }, signal }),
    [page.limit, page.offset, q, sort, filter],
  );
  useRefresh(list.reload, REFRESH_MS);
  useExistingPage(list.data?.pagination);
  const activity = useActivity(list.data?.functions ?? []);
  const [chosen, setChosen] = useState(/** @type {readonly string[]} */ ([]));
  const choose = (/** @type {string[]} */ ids, /** @type {boolean} */ isOn) =>
    setChosen(isOn ? [...new Set([...chosen, ...ids])] : chosen.filter((one) => !ids.includes(one)));
  const actions = html`
    <${SelectField} label=${t("functions.show")} hideLabel value=${filter}
      options=${FILTERS.map((one) => [one, t(/** @type {any} */ (`functionFilter.${one || "all"}`))])}
      onChange=${(/** @type {string} */ show) => setQuery({ show, offset: null })} />
    <${Search} q=${q} />
  `;
  const total = list.data && t("functions.count", { count: list.data.pagination.total });
  return html`<div class="screen">
    <div class="screen-head">
      <div>
        <h1>${t("functions.title")}</h1>
        <p class="subtitle">${t("functions.subtitle")}</p>
      </div>
      <${LinkButton} kind="primary" icon="plus" href=${href("/functions/new")}>${t("functions.new")}<//>
    </div>
    <${Card} title=${t("functions.all")} flush actions=${actions} subtitle=${total}>
      <${Loaded} of=${list}>
        ${(/** @type {any} */ { functions: rows, pagination }) => {
          if (rows.length === 0) return html`<${Nothing} isSearch=${q !== "" || filter !== ""} />`;
          const picked = rows.filter((/** @type {any} */ one) => chosen.includes(one.id));
          return html`<${BulkActions} functions=${picked} onDone=${() => {
              setChosen([]);
              void list.reload();
            }} />
            <${Table} caption=${t("functions.all")} columns=${columns({ activity, chosen, choose, rows })} rows=${rows} sort=${sort}
              rowKey=${(/** @type {any} */ one) => one.id}
              onSort=${(/** @type {string} */ value) => setQuery({ sort: value, offset: null })} />
            <${Pagination} pagination=${pagination} onChange=${setQuery} />`;
        }}
      <//>
    <//>
  </div>`;
}

/**
 * What the functions in sight have done of late, kept fresh; the list is there without it.
 *
 * @param {{ id: string }[]} functions
 * @returns {Map<string, any>}  by id of the function
 */
function useActivity(functions) {
  const ids = functions.map((one) => one.id).join(",");
  const found = useResource(
    async (signal) => (ids ? get("/api/stats/functions", { query: { ids }, signal }) : { functions: [] }),
    [ids],
  );
  useRefresh(found.reload, ACTIVITY_MS);
  return new Map((found.data?.functions ?? []).map((/** @type {any} */ one) => [one.function_id, one]));
}

/** @param {{ q: string }} props */
function Search({ q }) {
  const [text, setText] = useState(q);
  useEffect(() => {
    if (text === q) return undefined;
    const timer = setTimeout(() => setQuery({ q: text, offset: null }), SEARCH_DELAY_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return html`<${TextField} label=${t("functions.search")} hideLabel placeholder=${t("functions.search")}
    type="search" value=${text} onInput=${setText} />`;
}

/** @param {{ isSearch: boolean }} props */
function Nothing({ isSearch }) {
  if (isSearch) return html`<${Empty} title=${t("functions.noneFound")} />`;
  return html`<${Empty} title=${t("functions.none")} text=${t("functions.noneText")}>
    <${LinkButton} kind="primary" icon="plus" href=${href("/functions/new")}>${t("functions.new")}<//>
  <//>`;
}
