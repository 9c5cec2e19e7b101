// Environment variables: each change is sent by itself, so that nobody else's is lost.

import type { TargetedMouseEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { get, request } from "../api.ts";
import { dotenvLine } from "../dotenv.ts";
import { fieldError } from "../errors.ts";
import { t } from "../i18n.ts";
import { useAction, useResource } from "../resource.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { CheckField, PasswordField, TextField } from "../ui/field.tsx";
import { focusBeside } from "../ui/focus.ts";
import { Empty, Loaded } from "../ui/state.tsx";
import { toast } from "../ui/toast.tsx";
import { Import } from "./settings-env-import.tsx";
import { changesOf, isChanged, problemsOf, rebased, rowsOf, type Row, type RowProblem, type Variables } from "./settings-env-rows.ts";
import { typed, useUnsaved } from "./settings-unsaved.tsx";

type RowProblems = ReadonlyMap<string, RowProblem>;

export function Environment({ functionId }: { functionId: string }) {
  const path = `/api/functions/${functionId}/env`;
  const found = useResource((signal) => get<Variables>(path, { signal }), [path]);
  return <Loaded of={found}>
    {(data) => <Editor path={path} stored={rowsOf(data)} />}
  </Loaded>;
}

let added = 0;

function Editor({ path, stored }: { path: string; stored: Row[] }) {
  const [isImporting, setImporting] = useState(false);
  const { element, rows, setRows, problems, error, changes, isBusy, save, change, undo } = useRows(path, stored);
  useUnsaved("environment", changes.length > 0, save);
  const add = (pairs: [string, string][], areSecret: boolean) => setRows(withPairs(rows, pairs, areSecret));
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(dotenvText(rows));
      toast("good", t("copy.done"));
    } catch {
      toast("bad", t("copy.failed"));
    }
  };
  const count = rows.filter((one) => !one.isRemoved).length;
  const actions = <>
    <Button small icon="upload" onClick={() => setImporting(true)}>{t("env.import")}</Button>
    <Button small icon="download" disabled={count === 0} onClick={copy}>{t("env.export")}</Button>
    <Button small icon="plus" onClick={() => add([["", ""]], false)}>{t("env.add")}</Button>
  </>;
  const foot = <>{changes.length > 0 && <><Badge tone="warn" dot>{t("env.changed", { count: changes.length })}</Badge>
      <Button onClick={undo}>{t("settings.undo")}</Button></>}
    <Button kind="primary" type="submit" busy={isBusy} disabled={changes.length === 0}>{t("settings.save")}</Button></>;
  const submit = (event: Event) => {
    event.preventDefault();
    void save();
  };
  return <><form ref={element} onSubmit={submit} noValidate>
    <Card id="environment" title={t("env.title")} subtitle={t("env.count", { count })} actions={actions} foot={foot}>
      <div class="stack">
        {error && <p class="note bad" role="alert">{error}</p>}
        {rows.length === 0 && <Empty title={t("env.none")} text={t("env.noneText")} />}
        {rows.map((one) => <Variable key={one.id} row={one} problem={problems.get(one.id)}
          onChange={(values) => change(one.id, values)}
          onDrop={() => setRows(rows.filter((other) => other.id !== one.id))} />)}
      </div>
    </Card>
  </form>
  {isImporting && <Import known={rows.map((one) => one.key)} onClose={() => setImporting(false)} onTake={add} />}</>;
}

/** The variables as they are changed here, and how to save them. */
function useRows(path: string, stored: Row[]) {
  const [rows, setRows] = useState(() => (typed.get(path) as Row[] | undefined) ?? stored);
  const [met, setMet] = useState<RowProblems>(new Map());
  const [error, setError] = useState("");
  const element = useRef<HTMLFormElement | null>(null);
  const problems = problemsOf(rows);
  useEffect(() => setRows((mine) => rebased(mine, stored).rows), [JSON.stringify(stored)]);
  useEffect(() => {
    if (changesOf(rows).length > 0) typed.set(path, rows);
    else typed.delete(path);
  }, [rows]);
  const [isBusy, save] = useAction(async () => {
    setError("");
    const first = element.current?.querySelector('[aria-invalid="true"]');
    if (problems.size > 0) return void (first instanceof HTMLElement && first.focus());
    try {
      const now = rebased(rows, rowsOf(await get<Variables>(path)));
      setRows(now.rows);
      setMet(now.met);
      if (now.met.size > 0) return;
      for (const one of changesOf(now.rows)) {
        const variable = `${path}/${encodeURIComponent(one.key)}`;
        if (one.isRemoved) await request("DELETE", variable);
        else await request("PUT", variable, { body: { value: one.value, write_only: one.writeOnly } });
      }
      setRows(rowsOf(await get<Variables>(path)));
      toast("good", t("settings.saved"));
    } catch (problem) {
      setError(fieldError(problem));
    }
  });
  const change = (id: string, values: Partial<Row>) => {
    setRows(rows.map((one) => (one.id === id ? { ...one, ...values } : one)));
    setMet(new Map([...met].filter(([one]) => one !== id)));
  };
  const undo = () => {
    setRows(rows.filter((one) => one.original).map((one) => ({ ...one, ...one.original, isRemoved: false })));
    setMet(new Map());
    setError("");
  };
  const all: RowProblems = new Map([...met, ...problems]);
  return { element, rows, setRows, problems: all, error, changes: changesOf(rows), isBusy, save, change, undo };
}

function withPairs(rows: Row[], pairs: [string, string][], areSecret: boolean) {
  let next = rows;
  for (const [key, value] of pairs) {
    const known = key && next.find((one) => one.key === key);
    if (known) {
      const writeOnly = known.writeOnly || areSecret;
      next = next.map((one) => (one === known ? { ...one, value, writeOnly, isRemoved: false } : one));
    } else {
      added += 1;
      next = [...next, { id: `new-${added}`, key, value, writeOnly: areSecret, original: null, isRemoved: false }];
    }
  }
  return next;
}

/** The variables that can be read, as a .env file. */
function dotenvText(rows: Row[]) {
  const shown = rows.filter((one) => !one.isRemoved && one.key);
  const isHidden = ({ original, writeOnly, value }: Row) => original?.writeOnly && writeOnly && value === "";
  return shown.map((one) => (isHidden(one) ? `# ${one.key} is write-only\n` : dotenvLine(one.key, one.value))).join("");
}

function Variable({ row, problem, onChange, onDrop }: {
  row: Row;
  problem: RowProblem | undefined;
  onChange: (values: Partial<Row>) => void;
  onDrop: () => void;
}) {
  const state = row.isRemoved ? "removed" : !row.original ? "added" : isChanged(row) ? "modified" : "";
  const name = row.key || t("env.new");
  const press = (event: TargetedMouseEvent<HTMLButtonElement>) => {
    if (row.original) return onChange({ isRemoved: !row.isRemoved });
    focusBeside(event.currentTarget, ".env-row");
    return onDrop();
  };
  const isNew = row.original === null && row.key === "" && row.value === "";
  return <div class={`env-row ${state}`}>
    <TextField label={t("env.key")} hideLabel mono placeholder="API_TOKEN" value={row.key} readOnly={row.original !== null}
      disabled={row.isRemoved} maxLength={100} focus={isNew} autocomplete="off" error={problem && t(problem, { key: row.key })}
      onInput={(key) => onChange({ key })} />
    <PasswordField label={t("env.value", { name })} hideLabel value={row.value} disabled={row.isRemoved} autocomplete="off"
      placeholder={row.original?.writeOnly ? t("env.unchanged") : ""} onInput={(value) => onChange({ value })} />
    <CheckField label={t("env.secret")} checked={row.writeOnly} disabled={row.isRemoved || row.original?.writeOnly === true}
      onChange={(writeOnly) => onChange({ writeOnly })} />
    <div class="row end">
      {state && <Badge tone={row.isRemoved ? "bad" : "warn"}>{t(`env.${state}`)}</Badge>}
      <Button kind="ghost" icon={row.isRemoved ? "undo" : "trash"}
        label={row.isRemoved ? t("env.restore", { name }) : t("env.remove", { name })}
        onClick={press} />
    </div>
  </div>;
}
