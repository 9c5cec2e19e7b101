// The log of an execution: search, levels, following, download.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { LogLine, Page } from "../answers.ts";
import { get } from "../api.ts";
import { absoluteTime, clockTime } from "../format.ts";
import { t } from "../i18n.ts";
import { useResource } from "../resource.ts";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { CheckField, SelectField, TextField, type Option } from "../ui/field.tsx";
import { Empty, Loaded } from "../ui/state.tsx";
import { takeApart } from "./execution-error.tsx";

const PART = 1000; // lines per request: the most that the API gives
const FOLLOW_MS = 1000;
const ROW_PX = 24;
const SPARE_ROWS = 20;
const LEVELS = ["debug", "info", "warn", "error"];

export function Logs({ id, isPending }: { id: string; isPending: boolean }) {
  const list = useLines(id, isPending);
  const [text, setText] = useState("");
  const [level, setLevel] = useState("");
  const [isFollowing, setFollowing] = useState(true);
  const lines = list.data ?? [];
  const shown = useMemo(() => {
    const wanted = text.trim().toLowerCase();
    return lines.filter(
      (one) => (!level || one.level === level) && (!wanted || one.message.toLowerCase().includes(wanted)),
    );
  }, [lines, text, level]);
  const actions = <>
    <TextField label={t("logs.search")} hideLabel placeholder={t("logs.search")} type="search" value={text} onInput={setText} />
    <SelectField label={t("logs.level")} hideLabel value={level} onChange={setLevel}
      options={[["", t("logs.anyLevel")], ...LEVELS.map((one): Option => [one, one])]} />
    {isPending && <CheckField label={t("logs.follow")} checked={isFollowing} onChange={setFollowing} />}
    <Button small icon="download" label={t("logs.download")} disabled={lines.length === 0} onClick={() => download(id, lines)} />
  </>;
  return <Card title={t("logs.title")} flush actions={actions} subtitle={t("logs.count", { count: lines.length })}>
    <Loaded of={list}>
      {() =>
        shown.length === 0
          ? <Empty title={lines.length ? t("logs.noneMatch") : t("logs.none")} />
          : <Lines lines={shown} isFollowing={isPending && isFollowing} />}
    </Loaded>
  </Card>;
}

/** Draws only the lines that can be seen: ten thousand of them must not make the page slow. */
function Lines({ lines, isFollowing }: { lines: LogLine[]; isFollowing: boolean }) {
  const box = useRef<HTMLDivElement | null>(null);
  const [top, setTop] = useState(0);
  const [open, setOpen] = useState<LogLine | null>(null);
  const height = Math.min(lines.length, SPARE_ROWS) * ROW_PX;
  const first = Math.max(0, Math.floor(top / ROW_PX) - SPARE_ROWS);
  const visible = lines.slice(first, first + Math.ceil(height / ROW_PX) + 2 * SPARE_ROWS);
  useEffect(() => {
    if (isFollowing && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines.length, isFollowing]);
  return <><div class="logs" ref={box} style={{ height: `${height + 8}px` }} tabindex={0} role="log" aria-live="off"
      aria-label={t("logs.title")} onScroll={(event) => setTop(event.currentTarget.scrollTop)}>
      <div style={{ height: `${lines.length * ROW_PX}px` }}>
        <div style={{ transform: `translateY(${first * ROW_PX}px)` }}>
          {visible.map(
            (one, at) => <button type="button" key={first + at} class={`log-line ${one.level}`} onClick={() => setOpen(one)}>
              <span class="log-time">{clockTime(one.created_at)}</span>
              <span class="log-level">{one.level}</span>
              <span class="truncate">{summary(one.message)}</span>
            </button>,
          )}
        </div>
      </div>
    </div>
    {open &&
    <div class="log-open">
      <div class="row spread"><span class="muted">{open.level} · {absoluteTime(open.created_at)}</span>
        <Button small kind="ghost" icon="x" label={t("dialog.close")} onClick={() => setOpen(null)} /></div>
      <pre class="code wrap" role="group" tabindex={0} aria-label={t("logs.line")}>{open.message}</pre>
    </div>}</>;
}

/** What a line says first; errors go on with the code around them. */
const summary = (message: string) => (message.includes("[CODE]") ? takeApart(message).text : message);

/** All lines, and while the execution goes on those that are added. */
function useLines(id: string, isPending: boolean) {
  const list = useResource((signal) => linesFrom(id, 0, signal), [id]);
  const known = useRef(0);
  known.current = list.data?.length ?? 0;
  useEffect(() => {
    if (!isPending) return undefined;
    const more = async () => {
      const from = known.current;
      const added = await linesFrom(id, from).catch(() => []);
      // Two that overlap ask for the same lines: those of the first are taken.
      if (added.length) list.change((lines) => (lines.length === from ? [...lines, ...added] : lines));
    };
    const timer = setInterval(more, FOLLOW_MS);
    return () => {
      clearInterval(timer);
      void more(); // what was written at the very end
    };
  }, [id, isPending, list.change]);
  return list;
}

/** @param from  how many lines are known */
async function linesFrom(id: string, from: number, signal?: AbortSignal): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  let total = 0;
  do {
    const query = { limit: PART, offset: from + lines.length };
    const part = await get<Page<"logs", LogLine>>(`/api/executions/${id}/logs`, { query, ...(signal ? { signal } : {}) });
    total = part.pagination.total;
    if (part.logs.length === 0) break;
    lines.push(...part.logs);
  } while (from + lines.length < total);
  return lines;
}

function download(id: string, lines: LogLine[]) {
  const text = lines.map((one) => `${new Date(one.created_at * 1000).toISOString()} ${one.level.toUpperCase()} ${one.message}\n`);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(text, { type: "text/plain" }));
  link.download = `${id}.log`;
  link.click();
  URL.revokeObjectURL(link.href);
}
