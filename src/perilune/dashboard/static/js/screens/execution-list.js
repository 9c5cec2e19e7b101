// A list of executions with filters: of one function, or of all.

import { follow, get, remove } from "../api.js";
import { errorText } from "../errors.js";
import { absoluteTime, duration, time } from "../format.js";
import { t } from "../i18n.js";
import { html, useEffect, useState } from "../lib.js";
import { useResource } from "../resource.js";
import { href, setQuery } from "../router.js";
import { StatusBadge, TriggerBadge } from "../ui/badge.js";
import { Button } from "../ui/button.js";
import { Card } from "../ui/card.js";
import { confirm } from "../ui/dialog.js";
import { SelectField, TextField } from "../ui/field.js";
import { Empty, Loaded } from "../ui/state.js";
import { Pagination, Table, pageOf, useExistingPage } from "../ui/table.js";
import { toast } from "../ui/toast.js";

const TYPING_DELAY_MS = 300;
const STATUSES = ["success", "error", "pending"];
const TRIGGERS = ["http", "cron", "test", "replay"];
const SINCE = ["1h", "24h", "7d", "30d"];

/**
 * @param {{
 *   functionId?: string,
 *   query: URLSearchParams,
 *   empty?: any,
 * }} props  without a function those of all are listed; *empty* is shown when there are none at all
 */
export function ExecutionList({ functionId, query, empty }) {
  const page = pageOf(query);
  const filter = Object.fromEntries(
    ["status", "trigger", "version", "since", "q"].map((name) => [name, query.get(name) ?? ""]),
  );
  const path = functionId ? `/api/functions/${functionId}/executions` : "/api/executions";
  const list = useResource(
    (signal) => get(path, { query: { ...page, ...filter, fields: "summary" }, signal }),
    [path, query.toString()],
  );
  useExistingPage(list.data?.pagination);
  const isLive = useLive(path, page.offset === 0, list.reload);
  const isFiltered = Object.values(filter).some(Boolean);
  const actions = html`
    ${isLive && html`<span class="badge good" title=${t("executions.liveText")}><span class="dot"></span>${t("executions.live")}</span>`}
    <${Button} small icon="refresh" label=${t("executions.reload")} onClick=${list.reload} />
  `;
  const total = list.data && html`${list.data.pagination.total_is_minimum ? "≥ " : ""}${t("executions.count", { count: list.data.pagination.total })}`;
  return html`<${Card} title=${t("executions.title")} flush actions=${actions} subtitle=${total}>
    <${Filters} filter=${filter} hasVersion=${Boolean(functionId)} />
    <${Loaded} of=${list}>
      ${(/** @type {any} */ { executions, pagination }) =>
        executions.length === 0
          ? isFiltered
            ? html`<${Empty} title=${t("executions.noneMatch")} />`
            : (empty ?? html`<${Empty} title=${t("executions.none")} />`)
          : html`<${Table} caption=${t("executions.title")} columns=${columns(!functionId, list.reload)} rows=${executions}
                rowKey=${(/** @type {any} */ one) => one.id} />
              <${Pagination} pagination=${pagination} onChange=${setQuery} />`}
    <//>
  <//>`;
}

/** @param {{ filter: Record<string, string>, hasVersion: boolean }} props */
function Filters({ filter, hasVersion }) {
  const change = (/** @type {string} */ name) => (/** @type {string} */ value) =>
    setQuery({ [name]: value, offset: null });
  const all = /** @type {const} */ (["", t("executions.any")]);
  return html`<div class="filters" role="search" aria-label=${t("executions.filters")}>
    <${SelectField} label=${t("functions.status")} value=${filter["status"]} onChange=${change("status")}
      options=${[all, ...STATUSES.map((one) => [one, t(/** @type {any} */ (`status.${one}`))])]} />
    <${SelectField} label=${t("executions.trigger")} value=${filter["trigger"]} onChange=${change("trigger")}
      options=${[all, ...TRIGGERS.map((one) => [one, t(/** @type {any} */ (`trigger.${one}`))])]} />
    <${SelectField} label=${t("executions.since")} value=${filter["since"]} onChange=${change("since")}
      options=${[["", t("executions.anyTime")], ...SINCE.map((one) => [one, t(/** @type {any} */ (`range.${one}`))])]} />
    ${hasVersion && html`<${Typed} label=${t("functions.version")} value=${filter["version"]} onChange=${change("version")} />`}
    <${Typed} label=${t("executions.text")} value=${filter["q"]} onChange=${change("q")} />
  </div>`;
}

/** A filter that is typed; it is applied a moment later. @param {{ label: string, value: string | undefined, onChange: (value: string) => void }} props */
function Typed({ label, value = "", onChange }) {
  const [text, setText] = useState(value);
  useEffect(() => {
    if (text === value) return undefined;
    const timer = setTimeout(() => onChange(text.trim()), TYPING_DELAY_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return html`<${TextField} label=${label} value=${text} onInput=${setText} type="search" />`;
}

/**
 * Load again when executions begin or end; whether the server tells us about them.
 *
 * @param {string} path
 * @param {boolean} isWanted
 * @param {() => Promise<void>} reload
 */
function useLive(path, isWanted, reload) {
  const [isLive, setLive] = useState(false);
  useEffect(() => {
    if (!isWanted) return undefined;
    let timer = 0;
    const stop = follow(
      `${path}/stream`,
      (name) => {
        if (name === "open") setLive(true);
        // Many at once are one reason to look.
        else if (!timer) {
          timer = setTimeout(() => {
            timer = 0;
            void reload();
          }, TYPING_DELAY_MS);
        }
      },
      ["started", "ended"],
    );
    return () => {
      clearTimeout(timer);
      stop();
      setLive(false);
    };
  }, [path, isWanted, reload]);
  return isLive;
}

/**
 * Ask, then remove an execution; whether it is gone.
 *
 * @param {string} id
 */
export async function deleteExecution(id) {
  const question = {
    title: t("execution.delete"),
    text: t("execution.deleteText", { id }),
    confirm: t("settings.deleteButton"),
    danger: true,
  };
  if (!(await confirm(question))) return false;
  try {
    await remove(`/api/executions/${id}`);
    toast("good", t("execution.deleted"));
    return true;
  } catch (problem) {
    toast("bad", errorText(problem));
    return false;
  }
}

/**
 * @param {boolean} isMixed  whether they are of several functions
 * @param {() => Promise<void>} onDeleted
 */
function columns(isMixed, onDeleted) {
  return [
    {
      id: "id",
      title: t("executions.id"),
      cell: (/** @type {any} */ one) => html`<a class="mono" href=${href(`/executions/${one.id}`)}>${one.id}</a>`,
    },
    ...(isMixed
      ? [
          {
            id: "function",
            title: t("executions.function"),
            cell: (/** @type {any} */ one) =>
              html`<a class="mono" href=${href(`/functions/${one.function_id}/executions`)}>${one.function_name ?? one.function_id}</a>`,
          },
        ]
      : []),
    {
      id: "status",
      chip: true,
      title: t("functions.status"),
      cell: (/** @type {any} */ one) => html`<div>
        <${StatusBadge} status=${one.status} />
        ${one.error_message && html`<div class="hint truncate error-line" title=${one.error_message}>${one.error_message}</div>`}
      </div>`,
    },
    {
      id: "trigger",
      chip: true,
      title: t("executions.trigger"),
      cell: (/** @type {any} */ one) => html`<${TriggerBadge} trigger=${one.trigger} />`,
    },
    {
      id: "version",
      chip: true,
      title: t("functions.version"),
      cell: (/** @type {any} */ one) => versionOf(one),
    },
    {
      id: "duration",
      title: t("executions.duration"),
      end: true,
      cell: (/** @type {any} */ one) => html`<span class="nowrap">${duration(one.duration_ms)}</span>`,
    },
    {
      id: "time",
      title: t("executions.time"),
      cell: (/** @type {any} */ one) =>
        html`<span class="nowrap" title=${absoluteTime(one.created_at)}>${time(one.created_at)}</span>`,
    },
    {
      id: "actions",
      title: t("execution.delete"),
      hideTitle: true,
      end: true,
      cell: (/** @type {any} */ one) =>
        one.status !== "pending" &&
        html`<${Button} kind="ghost" small icon="trash" label=${t("execution.deleteOne", { id: one.id })}
          onClick=${async () => (await deleteExecution(one.id)) && onDeleted()} />`,
    },
  ];
}

/**
 * `v3` out of the id of a version.
 *
 * @param {{ function_version_id: string }} execution
 */
export function versionOf({ function_version_id: id }) {
  return /_v(\d+)$/.exec(id)?.[0].slice(1) ?? "–";
}
