// All functions.

import { get } from "../api.js";
import { relativeTime, absoluteTime } from "../format.js";
import { t } from "../i18n.js";
import { html, useEffect, useState } from "../lib.js";
import { useResource } from "../resource.js";
import { href, setQuery } from "../router.js";
import { Badge, EnabledBadge, languageName } from "../ui/badge.js";
import { LinkButton } from "../ui/button.js";
import { Card } from "../ui/card.js";
import { TextField } from "../ui/field.js";
import { Empty, Loaded } from "../ui/state.js";
import { Pagination, Table, pageOf } from "../ui/table.js";

const SEARCH_DELAY_MS = 200;

/** @param {import("../routes.js").ScreenProps} props */
export default function Functions({ query }) {
  const page = pageOf(query);
  const q = query.get("q") ?? "";
  const sort = query.get("sort") ?? "";
  const list = useResource(
    (signal) => get("/api/functions", { query: { ...page, q, sort, fields: "summary" }, signal }),
    [page.limit, page.offset, q, sort],
  );
  return html`<div class="screen">
    <div class="screen-head">
      <div>
        <h1>${t("functions.title")}</h1>
        <p class="subtitle">${t("functions.subtitle")}</p>
      </div>
      <${LinkButton} kind="primary" icon="plus" href=${href("/functions/new")}>${t("functions.new")}<//>
    </div>
    <${Card} title=${t("functions.all")} flush actions=${html`<${Search} q=${q} />`}>
      <${Loaded} of=${list}>
        ${(/** @type {any} */ { functions, pagination }) =>
          functions.length === 0
            ? html`<${Nothing} isSearch=${q !== ""} />`
            : html`<${Table} caption=${t("functions.all")} columns=${columns()} rows=${functions} sort=${sort}
                  rowKey=${(/** @type {any} */ one) => one.id}
                  onSort=${(/** @type {string} */ value) => setQuery({ sort: value, offset: null })} />
                <${Pagination} pagination=${pagination} onChange=${setQuery} />`}
      <//>
    <//>
  </div>`;
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

function columns() {
  return [
    {
      id: "name",
      title: t("functions.name"),
      sortable: true,
      cell: (/** @type {any} */ one) => html`<div>
        <a class="mono" href=${href(`/functions/${one.id}`)}>${one.name}</a>
        ${one.description && html`<div class="hint">${one.description}</div>`}
      </div>`,
    },
    {
      id: "runtime",
      title: t("functions.language"),
      cell: (/** @type {any} */ one) => languageName(one.runtime),
    },
    {
      id: "status",
      title: t("functions.status"),
      cell: (/** @type {any} */ one) => html`<${EnabledBadge} disabled=${one.disabled} />`,
    },
    {
      id: "version",
      title: t("functions.version"),
      cell: (/** @type {any} */ one) =>
        one.active_version ? html`<${Badge}>v${one.active_version.version}<//>` : "–",
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
