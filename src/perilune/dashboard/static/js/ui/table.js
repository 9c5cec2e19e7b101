// Tables, and paging through long lists.

import { t } from "../i18n.js";
import { html, useEffect } from "../lib.js";
import { setQuery } from "../router.js";
import { Button } from "./button.js";
import { SelectField } from "./field.js";

/**
 * @template T
 * @typedef {object} Column
 * @property {string} id
 * @property {any} title  text, or what stands in its place
 * @property {(row: T) => any} cell
 * @property {boolean} [end]  aligned to the right, for numbers
 * @property {boolean} [sortable]
 * @property {boolean} [hideTitle]  for columns of buttons
 * @property {boolean} [chip]  says what it is without its title, such as a badge
 */

/**
 * @template T
 * @param {{
 *   caption: string,
 *   columns: Column<T>[],
 *   rows: T[],
 *   rowKey: (row: T) => string,
 *   sort?: string,
 *   onSort?: (sort: string) => void,
 * }} props  *sort* is the id of a column, with `-` in front for descending
 */
export function Table({ caption, columns, rows, rowKey, sort = "", onSort }) {
  const head = (/** @type {Column<T>} */ column) => {
    const direction = sort === column.id ? "ascending" : sort === `-${column.id}` ? "descending" : undefined;
    const next = direction === "ascending" ? `-${column.id}` : column.id;
    return html`<th key=${column.id} scope="col" role="columnheader" class=${column.end ? "end" : ""} aria-sort=${direction}>
      ${column.sortable && onSort
        ? html`<button type="button" onClick=${() => onSort(next)}>${column.title}</button>`
        : column.hideTitle
          ? html`<span class="visually-hidden">${column.title}</span>`
          : column.title}
    </th>`;
  };
  const lead = columns.find((one) => typeof one.title === "string" && !one.hideTitle)?.id;
  const cell = (/** @type {Column<T>} */ column, /** @type {T} */ row) => {
    const isLead = column.id === lead;
    const kind = isLead ? "lead" : column.chip ? "chip" : column.hideTitle ? "tools" : "";
    const title = kind || typeof column.title !== "string" ? undefined : column.title;
    return html`<td key=${column.id} role="cell" class="${kind} ${column.end ? "end" : ""}" data-title=${title}>
      ${column.cell(row)}
    </td>`;
  };
  // Wide tables scroll; who has no mouse needs to get into them.  On phones rows are cards, for
  // which browsers forget that this is a table: hence the roles.
  return html`<div class="table-wrap" tabindex="0" role="region" aria-label=${caption}>
    <table class="table" role="table">
      <caption class="visually-hidden">${caption}</caption>
      <thead role="rowgroup"><tr role="row">${columns.map(head)}</tr></thead>
      <tbody role="rowgroup">
        ${rows.map((row) => html`<tr key=${rowKey(row)} role="row">${columns.map((one) => cell(one, row))}</tr>`)}
      </tbody>
    </table>
  </div>`;
}

export const PAGE_SIZES = [20, 50, 100];

/**
 * @param {{
 *   pagination: { total: number, limit: number, offset: number },
 *   onChange: (page: { limit: number, offset: number }) => void,
 * }} props
 */
export function Pagination({ pagination: { total, limit, offset }, onChange }) {
  if (total <= Math.min(...PAGE_SIZES) && offset === 0) return null;
  const last = Math.min(offset + limit, total);
  return html`<nav class="pagination" aria-label=${t("page.label")}>
    <span role="status">${t("page.range", { first: Math.min(offset + 1, total), last, total })}</span>
    <div class="row">
      <${SelectField} label=${t("page.size")} hideLabel value=${String(limit)}
        options=${PAGE_SIZES.map((size) => [String(size), t("page.perPage", { count: size })])}
        onChange=${(/** @type {string} */ size) => onChange({ limit: Number(size), offset: 0 })} />
      <${Button} small disabled=${offset === 0}
        onClick=${() => onChange({ limit, offset: Math.max(0, offset - limit) })}>${t("page.previous")}<//>
      <${Button} small disabled=${last >= total}
        onClick=${() => onChange({ limit, offset: offset + limit })}>${t("page.next")}<//>
    </div>
  </nav>`;
}

/**
 * Limit and offset out of a place's query.
 *
 * @param {URLSearchParams} query
 */
export function pageOf(query) {
  const limit = Number.parseInt(query.get("limit") ?? "", 10);
  const offset = Number.parseInt(query.get("offset") ?? "", 10);
  return { limit: PAGE_SIZES.includes(limit) ? limit : 20, offset: offset > 0 ? offset : 0 };
}

/**
 * Go to the last page when the one that is shown is gone, since what was on it was deleted (KD-187).
 *
 * @param {{ total: number, limit: number, offset: number, total_is_minimum?: boolean } | undefined} pagination
 */
export function useExistingPage(pagination) {
  useEffect(() => {
    if (!pagination || pagination.offset === 0 || pagination.total_is_minimum) return;
    const { total, limit, offset } = pagination;
    if (offset >= total) setQuery({ offset: Math.floor(Math.max(0, total - 1) / limit) * limit || null });
  }, [pagination]);
}
