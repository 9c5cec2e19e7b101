// A list of executions with filters: of one function, or of all.

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Execution, Page } from "../answers.ts";
import { follow, get, remove } from "../api.ts";
import { errorText } from "../errors.ts";
import { absoluteTime, duration, time } from "../format.ts";
import { t } from "../i18n.ts";
import { useResource } from "../resource.ts";
import { href, setQuery } from "../router.ts";
import { StatusBadge, TriggerBadge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { confirm } from "../ui/dialog.tsx";
import { SelectField, TextField, type Option } from "../ui/field.tsx";
import { Empty, Loaded } from "../ui/state.tsx";
import { Pagination, Table, pageOf, useExistingPage, type Column } from "../ui/table.tsx";
import { toast } from "../ui/toast.tsx";

const TYPING_DELAY_MS = 300;
const STATUSES = ["success", "error", "pending"] as const;
const TRIGGERS = ["http", "cron", "test", "replay"] as const;
const SINCE = ["1h", "24h", "7d", "30d"] as const;

/** @param props  without a function those of all are listed; *empty* is shown when there are none at all */
export function ExecutionList({ functionId, query, empty }: {
  functionId?: string;
  query: URLSearchParams;
  empty?: ComponentChildren;
}) {
  const page = pageOf(query);
  const filter = filterOf(query);
  const path = functionId ? `/api/functions/${functionId}/executions` : "/api/executions";
  const list = useResource(
    (signal) => get<Page<"executions", Execution>>(path, { query: { ...page, ...filter, fields: "summary" }, signal }),
    [path, query.toString()],
  );
  useExistingPage(list.data?.pagination);
  const isLive = useLive(path, page.offset === 0, list.reload);
  const isFiltered = Object.values(filter).some(Boolean);
  const actions = <>
    {isLive && <span class="badge good" title={t("executions.liveText")}><span class="dot"></span>{t("executions.live")}</span>}
    <Button small icon="refresh" label={t("executions.reload")} onClick={list.reload} />
  </>;
  const total = list.data && <>{isMinimum(list.data.pagination) ? "≥ " : ""}{t("executions.count", { count: list.data.pagination.total })}</>;
  return <Card title={t("executions.title")} flush actions={actions} subtitle={total}>
    <Filters filter={filter} hasVersion={Boolean(functionId)} />
    <Loaded of={list}>
      {({ executions, pagination }) =>
        executions.length === 0
          ? isFiltered
            ? <Empty title={t("executions.noneMatch")} />
            : (empty ?? <Empty title={t("executions.none")} />)
          : <><Table caption={t("executions.title")} columns={columns(!functionId, list.reload)} rows={executions}
                rowKey={(one) => one.id} />
              <Pagination pagination={pagination} onChange={setQuery} /></>}
    </Loaded>
  </Card>;
}

/** The filter in an address; values that there are not, as in an old link, are none. */
function filterOf(query: URLSearchParams): Record<string, string> {
  const one = (name: string, known: readonly string[]) => {
    const value = query.get(name) ?? "";
    return known.includes(value) ? value : "";
  };
  const version = query.get("version") ?? "";
  return {
    status: one("status", STATUSES),
    trigger: one("trigger", TRIGGERS),
    version: /^\d{1,9}$/.test(version) ? version : "",
    since: one("since", SINCE),
    q: query.get("q") ?? "",
  };
}

/** Of a page without a row the least is no news. */
const isMinimum = ({ total, total_is_minimum: isLeast }: { total: number; total_is_minimum?: boolean }) => Boolean(isLeast) && total > 0;

function Filters({ filter, hasVersion }: { filter: Record<string, string>; hasVersion: boolean }) {
  const change = (name: string) => (value: string) =>
    setQuery({ [name]: value, offset: null });
  const all: Option = ["", t("executions.any")];
  return <div class="filters" role="search" aria-label={t("executions.filters")}>
    <SelectField label={t("functions.status")} value={filter["status"]} onChange={change("status")}
      options={[all, ...STATUSES.map((one): Option => [one, t(`status.${one}`)])]} />
    <SelectField label={t("executions.trigger")} value={filter["trigger"]} onChange={change("trigger")}
      options={[all, ...TRIGGERS.map((one): Option => [one, t(`trigger.${one}`)])]} />
    <SelectField label={t("executions.since")} value={filter["since"]} onChange={change("since")}
      options={[["", t("executions.anyTime")], ...SINCE.map((one): Option => [one, t(`range.${one}`)])]} />
    {hasVersion && <Typed label={t("functions.version")} value={filter["version"]} onChange={change("version")} />}
    <Typed label={t("executions.text")} value={filter["q"]} onChange={change("q")} />
  </div>;
}

/** A filter that is typed; it is applied a moment later. */
function Typed({ label, value = "", onChange }: {
  label: string;
  value: string | undefined;
  onChange: (value: string) => void;
}) {
  const [text, setText] = useState(value);
  useEffect(() => {
    if (text === value) return undefined;
    const timer = setTimeout(() => onChange(text.trim()), TYPING_DELAY_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return <TextField label={label} value={text} onInput={setText} type="search" />;
}

/** Load again when executions begin or end; whether the server tells us about them. */
function useLive(path: string, isWanted: boolean, reload: () => Promise<void>) {
  const [isLive, setLive] = useState(false);
  useEffect(() => {
    if (!isWanted) return undefined;
    let timer = 0;
    let hasMissed = false;
    const stop = follow(
      `${path}/stream`,
      (name) => {
        setLive(name !== "error");
        if (name === "error") hasMissed = true;
        else if (name === "open" && !hasMissed) return;
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

/** Ask, then remove an execution; whether it is gone. */
export async function deleteExecution(id: string) {
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

/** @param isMixed  whether they are of several functions */
function columns(isMixed: boolean, onDeleted: () => Promise<void>): Column<Execution>[] {
  const ofFunction: Column<Execution> = {
    id: "function",
    title: t("executions.function"),
    cell: (one) => <a class="mono" href={href(`/functions/${one.function_id}/executions`)}>{one.function_name ?? one.function_id}</a>,
  };
  return [
    {
      id: "id",
      title: t("executions.id"),
      cell: (one) => <a class="mono" href={href(`/executions/${one.id}`)}>{one.id}</a>,
    },
    ...(isMixed ? [ofFunction] : []),
    {
      id: "status",
      chip: true,
      title: t("functions.status"),
      cell: (one) => <div>
        <StatusBadge status={one.status} />
        {one.error_message && <div class="hint truncate error-line" title={one.error_message}>{one.error_message}</div>}
      </div>,
    },
    {
      id: "trigger",
      chip: true,
      title: t("executions.trigger"),
      cell: (one) => <TriggerBadge trigger={one.trigger} />,
    },
    { id: "version", chip: true, title: t("functions.version"), cell: (one) => versionOf(one) },
    {
      id: "duration",
      title: t("executions.duration"),
      end: true,
      cell: (one) => <span class="nowrap">{duration(one.duration_ms)}</span>,
    },
    {
      id: "time",
      title: t("executions.time"),
      cell: (one) =>
        <span class="nowrap" title={absoluteTime(one.created_at)}>{time(one.created_at)}</span>,
    },
    {
      id: "actions",
      title: t("execution.delete"),
      hideTitle: true,
      end: true,
      cell: (one) =>
        one.status !== "pending" &&
        <Button kind="ghost" small icon="trash" label={t("execution.deleteOne", { id: one.id })}
          onClick={async () => (await deleteExecution(one.id)) && onDeleted()} />,
    },
  ];
}

/** `v3` out of the id of a version. */
export function versionOf({ function_version_id: id }: { function_version_id: string }) {
  return /_v(\d+)$/.exec(id)?.[0].slice(1) ?? "–";
}
