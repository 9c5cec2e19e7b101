// Tables, and paging through long lists.

import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { t } from "../i18n.ts";
import { setQuery } from "../router.ts";
import { Button } from "./button.tsx";
import { SelectField } from "./field.tsx";

export interface Column<T> {
  id: string;
  title: ComponentChildren; // text, or what stands in its place
  cell: (row: T) => ComponentChildren;
  end?: boolean; // aligned to the right, for numbers
  sortable?: boolean;
  hideTitle?: boolean; // for columns of buttons
  chip?: boolean; // says what it is without its title, such as a badge
}

/** @param props  *sort* is the id of a column, with `-` in front for descending */
export function Table<T>({ caption, columns, rows, rowKey, sort = "", onSort }: {
  caption: string;
  columns: Column<T>[];
  rows: T[];
  rowKey: (row: T) => string;
  sort?: string;
  onSort?: (sort: string) => void;
}) {
  const head = (column: Column<T>) => {
    const direction = sort === column.id ? "ascending" : sort === `-${column.id}` ? "descending" : undefined;
    const next = direction === "ascending" ? `-${column.id}` : column.id;
    return <th key={column.id} scope="col" role="columnheader" class={column.end ? "end" : ""} aria-sort={direction}>
      {column.sortable && onSort
        ? <button type="button" onClick={() => onSort(next)}>{column.title}</button>
        : column.hideTitle
          ? <span class="visually-hidden">{column.title}</span>
          : column.title}
    </th>;
  };
  const lead = columns.find((one) => typeof one.title === "string" && !one.hideTitle)?.id;
  const cell = (column: Column<T>, row: T) => {
    const isLead = column.id === lead;
    const kind = isLead ? "lead" : column.chip ? "chip" : column.hideTitle ? "tools" : "";
    const title = kind || typeof column.title !== "string" ? undefined : column.title;
    return <td key={column.id} role="cell" class={`${kind} ${column.end ? "end" : ""}`} data-title={title}>
      {column.cell(row)}
    </td>;
  };
  // Wide tables scroll; who has no mouse needs to get into them.  On phones rows are cards, for
  // which browsers forget that this is a table: hence the roles.
  return <div class="table-wrap" tabindex={0} role="region" aria-label={caption}>
    <table class="table" role="table">
      <caption class="visually-hidden">{caption}</caption>
      <thead role="rowgroup"><tr role="row">{columns.map(head)}</tr></thead>
      <tbody role="rowgroup">
        {rows.map((row) => <tr key={rowKey(row)} role="row">{columns.map((one) => cell(one, row))}</tr>)}
      </tbody>
    </table>
  </div>;
}

const PAGE_SIZES = [20, 50, 100];

export function Pagination({ pagination: { total, limit, offset }, onChange }: {
  pagination: { total: number; limit: number; offset: number };
  onChange: (page: { limit: number; offset: number }) => void;
}) {
  if (total <= Math.min(...PAGE_SIZES) && offset === 0) return null;
  const last = Math.min(offset + limit, total);
  return <nav class="pagination" aria-label={t("page.label")}>
    <span role="status">{t("page.range", { first: Math.min(offset + 1, total), last, total })}</span>
    <div class="row">
      <SelectField label={t("page.size")} hideLabel value={String(limit)}
        options={PAGE_SIZES.map((size) => [String(size), t("page.perPage", { count: size })])}
        onChange={(size) => onChange({ limit: Number(size), offset: 0 })} />
      <Button small disabled={offset === 0}
        onClick={() => onChange({ limit, offset: Math.max(0, offset - limit) })}>{t("page.previous")}</Button>
      <Button small disabled={last >= total}
        onClick={() => onChange({ limit, offset: offset + limit })}>{t("page.next")}</Button>
    </div>
  </nav>;
}

/** Limit and offset out of a place's query. */
export function pageOf(query: URLSearchParams) {
  const limit = Number.parseInt(query.get("limit") ?? "", 10);
  const offset = Number.parseInt(query.get("offset") ?? "", 10);
  return { limit: PAGE_SIZES.includes(limit) ? limit : 20, offset: offset > 0 ? offset : 0 };
}

/** Go to the last page when the one that is shown is gone, since what was on it was deleted (KD-187). */
export function useExistingPage(
  pagination: { total: number; limit: number; offset: number; total_is_minimum?: boolean } | undefined,
) {
  useEffect(() => {
    if (!pagination || pagination.offset === 0 || pagination.total_is_minimum) return;
    const { total, limit, offset } = pagination;
    if (offset >= total) setQuery({ offset: Math.floor(Math.max(0, total - 1) / limit) * limit || null });
  }, [pagination]);
}
