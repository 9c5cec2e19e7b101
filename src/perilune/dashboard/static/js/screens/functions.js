// All functions.

import { get } from "../api.js";
import { t } from "../i18n.js";
import { html, useEffect, useState } from "../lib.js";
import { useResource } from "../resource.js";
import { href, setQuery } from "../router.js";
import { LinkButton } from "../ui/button.js";
import { Card } from "../ui/card.js";
import { SelectField, TextField } from "../ui/field.js";
import { Empty, Loaded } from "../ui/state.js";
import { Pagination, Table, pageOf } from "../ui/table.js";
import { BulkActions } from "./functions-bulk.js";
import { columns } from "./functions-columns.js";

const SEARCH_DELAY_MS = 200;
const REFRESH_MS = 15_000;
const PART = 100; // functions per request: the most that the API gives

/** @type {readonly string[]} */
const FILTERS = ["", "enabled", "disabled", "scheduled", "failing"];

/**
 * @typedef {object} Facts  what is known about functions beside their records
 * @property {Map<string, any>} figures  of the last 24 hours, by function
 * @property {Map<string, any>} schedules  by function
 */

/** @param {import("../routes.js").ScreenProps} props */
export default function Functions({ query }) {
  const page = pageOf(query);
  const q = query.get("q") ?? "";
  const sort = query.get("sort") ?? "";
  const filter = FILTERS.find((one) => one === query.get("show")) ?? "";
  const facts = useFacts();
  const list = useResource(
    (signal) => (filter ? allFunctions({ q, sort }, signal) : functionPage({ ...page, q, sort }, signal)),
    [page.limit, page.offset, q, sort, Boolean(filter)],
  );
  const [chosen, setChosen] = useState(/** @type {readonly string[]} */ ([]));
  const choose = (/** @type {string[]} */ ids, /** @type {boolean} */ isOn) =>
    setChosen(isOn ? [...new Set([...chosen, ...ids])] : chosen.filter((one) => !ids.includes(one)));
  const actions = html`
    <${SelectField} label=${t("functions.show")} hideLabel value=${filter}
      options=${FILTERS.map((one) => [one, t(/** @type {any} */ (`functionFilter.${one || "all"}`))])}
      onChange=${(/** @type {string} */ show) => setQuery({ show, offset: null })} />
    <${Search} q=${q} />
  `;
  return html`<div class="screen">
    <div class="screen-head">
      <div>
        <h1>${t("functions.title")}</h1>
        <p class="subtitle">${t("functions.subtitle")}</p>
      </div>
      <${LinkButton} kind="primary" icon="plus" href=${href("/functions/new")}>${t("functions.new")}<//>
    </div>
    <${Card} title=${t("functions.all")} flush actions=${actions}>
      <${Loaded} of=${list}>
        ${(/** @type {any} */ { functions, pagination }) => {
          const { rows, shown } = filtered(functions, filter, facts, page, pagination);
          if (rows.length === 0) return html`<${Nothing} isSearch=${q !== "" || filter !== ""} />`;
          const picked = rows.filter((/** @type {any} */ one) => chosen.includes(one.id));
          return html`<${BulkActions} functions=${picked} onDone=${() => {
              setChosen([]);
              void list.reload();
            }} />
            <${Table} caption=${t("functions.all")} columns=${columns({ facts, chosen, choose, rows })} rows=${rows} sort=${sort}
              rowKey=${(/** @type {any} */ one) => one.id}
              onSort=${(/** @type {string} */ value) => setQuery({ sort: value, offset: null })} />
            <${Pagination} pagination=${shown} onChange=${setQuery} />`;
        }}
      <//>
    <//>
  </div>`;
}

/**
 * @param {Record<string, string | number>} query
 * @param {AbortSignal} signal
 */
const functionPage = (query, signal) => get("/api/functions", { query: { ...query, fields: "summary" }, signal });

/**
 * Every function: the API does not know these filters.
 *
 * @param {Record<string, string>} query
 * @param {AbortSignal} signal
 */
async function allFunctions(query, signal) {
  const first = await functionPage({ ...query, limit: PART }, signal);
  const offsets = [];
  for (let offset = PART; offset < first.pagination.total; offset += PART) offsets.push(offset);
  const others = await Promise.all(offsets.map((offset) => functionPage({ ...query, limit: PART, offset }, signal)));
  return { functions: [first, ...others].flatMap((one) => one.functions), pagination: null };
}

/**
 * The rows to show, and the part of the list that they are.
 *
 * @param {any[]} functions
 * @param {string} filter
 * @param {Facts} facts
 * @param {{ limit: number, offset: number }} page
 * @param {any} pagination  null when *functions* are all there are
 */
function filtered(functions, filter, facts, { limit, offset }, pagination) {
  if (pagination) return { rows: functions, shown: pagination };
  /** @type {Record<string, (one: any) => boolean>} */
  const wanted = {
    enabled: (one) => !one.disabled,
    disabled: (one) => one.disabled,
    scheduled: (one) => Boolean(one.cron_schedule),
    failing: (one) => facts.figures.get(one.id)?.errors > 0,
  };
  const found = functions.filter(wanted[filter] ?? (() => true));
  return { rows: found.slice(offset, offset + limit), shown: { total: found.length, limit, offset } };
}

/** Figures and schedules, kept fresh; the list is there without them. @returns {Facts} */
function useFacts() {
  const figures = useResource((signal) => get("/api/stats", { query: { range: "24h" }, signal }), []);
  const schedules = useResource((signal) => get("/api/schedules", { query: { limit: PART }, signal }), []);
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState !== "visible") return;
      void figures.reload();
      void schedules.reload();
    }, REFRESH_MS);
    return () => clearInterval(timer);
  }, []);
  const byFunction = (/** @type {any[]} */ rows) => new Map(rows.map((one) => [one.function_id, one]));
  return { figures: byFunction(figures.data?.functions ?? []), schedules: byFunction(schedules.data?.schedules ?? []) };
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
