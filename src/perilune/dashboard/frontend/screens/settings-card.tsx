// A card of settings with a button of its own.

import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { FunctionRecord } from "../answers.ts";
import { ApiError, get, put } from "../api.ts";
import { errorText, fieldError } from "../errors.ts";
import { t } from "../i18n.ts";
import { useAction, type Resource } from "../resource.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { toast } from "../ui/toast.tsx";
import { typed, useUnsaved } from "./settings-unsaved.tsx";

/** By the name of the setting. */
type Values = Record<string, unknown>;
/** By the name of the setting. */
type Problems = Record<string, string>;

/** What is being changed. */
export interface Form<V extends Values> {
  values: V;
  set: (changes: Partial<V>) => void;
  errors: Problems;
}

/** @param props  *read* gives the values as its fields show them, *toBody* as the server takes them */
export function SettingsCard<V extends Values>(props: {
  id: string;
  data: FunctionRecord;
  found: Resource<FunctionRecord>;
  title: string;
  subtitle?: string;
  kind?: "warning" | "danger" | "";
  read: (data: FunctionRecord) => V;
  check?: (values: V) => Problems;
  toBody?: (values: Partial<V>) => object;
  children: (form: Form<V>) => ComponentChildren;
}) {
  const { id, data, found, title, subtitle, kind = "", read, check = noProblems, toBody = asTheyAre, children } = props;
  const { element, form, isChanged, isBusy, save, undo } = useForm({ id, data, found, read, check, toBody });
  useUnsaved(id, isChanged, save);
  const submit = (event: Event) => {
    event.preventDefault();
    if (isChanged) void save();
  };
  const foot = <>{isChanged && <><Badge tone="warn" dot>{t("code.unsaved")}</Badge>
      <Button onClick={undo}>{t("settings.undo")}</Button></>}
    <Button kind="primary" type="submit" busy={isBusy} disabled={!isChanged}>{t("settings.save")}</Button></>;
  return <form ref={element} onSubmit={submit} noValidate>
    <Card id={id} title={title} subtitle={subtitle} kind={kind} foot={foot}>
      <div class="stack">{children(form)}</div>
    </Card>
  </form>;
}

/** What was changed of the values that *read* gives, and how to save it. */
function useForm<V extends Values>({ id, data, found, read, check, toBody }: {
  id: string;
  data: FunctionRecord;
  found: Resource<FunctionRecord>;
  read: (data: FunctionRecord) => V;
  check: (values: V) => Problems;
  toBody: (values: Partial<V>) => object;
}) {
  const stored = read(data);
  const [values, setValues, base] = useKeptValues(`${data.id} ${id}`, stored);
  const [refused, setRefused] = useState<Problems>({});
  const element = useRef<HTMLFormElement | null>(null);
  useLayoutEffect(() => {
    const before = base.current;
    base.current = stored;
    setValues((mine) => merged(before, stored, mine));
  }, [JSON.stringify(stored)]);
  useEffect(() => {
    const first = element.current?.querySelector('[aria-invalid="true"]');
    if (Object.keys(refused).length > 0 && first instanceof HTMLElement) first.focus();
  }, [refused]);
  const changed = Object.keys(stored).filter((name) => values[name] !== stored[name]);
  const problems = only(check(values), changed);
  const [isBusy, save] = useAction(async () => {
    if (Object.keys(problems).length > 0) {
      setRefused({ ...problems });
      return;
    }
    const path = `/api/functions/${data.id}`;
    try {
      const now = await get<FunctionRecord>(path);
      const met = changesMet(stored, read(now), values, changed);
      found.change(() => now);
      setRefused(met);
      if (Object.keys(met).length > 0) return;
      const next = await put<FunctionRecord>(path, toBody(only(values, changed) as Partial<V>));
      found.change(() => next);
      toast("good", t("settings.saved"));
    } catch (problem) {
      if (problem instanceof ApiError && problem.field in stored) setRefused({ [problem.field]: fieldError(problem) });
      else toast("bad", errorText(problem));
    }
  });
  const set = (changes: Partial<V>) => {
    setValues({ ...values, ...changes });
    setRefused(only(refused, Object.keys(refused).filter((name) => !(name in changes))));
  };
  const undo = () => {
    setValues(stored);
    setRefused({});
  };
  const form: Form<V> = { values, set, errors: { ...problems, ...refused } };
  return { element, form, isChanged: changed.length > 0, isBusy, save, undo };
}

/** What is typed outlives the card, which is drawn anew in another language or after signing in. */
function useKeptValues<V extends Values>(key: string, stored: V) {
  const kept = typed.get(key) as { values: V; base: V } | undefined;
  const [values, setValues] = useState(kept?.values ?? stored);
  const base = useRef(kept?.base ?? stored);
  useEffect(() => {
    if (JSON.stringify(values) === JSON.stringify(stored)) typed.delete(key);
    else typed.set(key, { values, base: base.current });
  }, [values, stored]);
  return [values, setValues, base] as const;
}

const noProblems = (): Problems => ({});

const asTheyAre = <V,>(values: V) => values;

function only<T>(all: Record<string, T>, names: string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)));
}

/** What the server has now, with what was changed here since it had *before*. */
function merged<V extends Values>(before: V, now: V, mine: V) {
  return Object.fromEntries(Object.entries(now).map(([name, value]) => [name, mine[name] === before[name] ? value : mine[name]])) as V;
}

/**
 * Which of the settings that are changed here somebody else has changed meanwhile.
 *
 * @param stored  what this card began with
 * @param now  what the server has
 */
function changesMet(stored: Values, now: Values, mine: Values, changed: string[]): Problems {
  const met = changed.filter((name) => now[name] !== stored[name] && now[name] !== mine[name]);
  return Object.fromEntries(met.map((name) => [name, t("settings.met", { value: shown(now[name]) })]));
}

/** @param value  of a setting */
function shown(value: unknown) {
  if (typeof value === "boolean") return value ? t("settings.on") : t("settings.off");
  return value === "" ? t("settings.nothing") : String(value);
}
