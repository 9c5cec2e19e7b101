// The key-value pairs of a function: look, change, remove.

import { useEffect, useState } from "preact/hooks";
import { ApiError, get, put, remove } from "../api.ts";
import { errorText, fieldError } from "../errors.ts";
import { absoluteTime, bytes, relativeTime } from "../format.ts";
import { t } from "../i18n.ts";
import { useAction, useResource } from "../resource.ts";
import type { ScreenProps } from "../routes.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { Dialog, confirm } from "../ui/dialog.tsx";
import { TextField } from "../ui/field.tsx";
import { FunctionFrame } from "../ui/function-frame.tsx";
import { Empty, Loaded } from "../ui/state.tsx";
import { Table } from "../ui/table.tsx";
import { toast } from "../ui/toast.tsx";
import { numberProblem } from "./settings-checks.ts";

const TYPING_DELAY_MS = 300;

interface Pair {
  key: string;
  key_base64?: boolean; // the key is not text
  value: string;
  base64?: boolean; // the value is not text
  truncated?: boolean;
  size: number;
  expires_at?: number;
}

type PairList = { items: Pair[]; next_cursor?: string; used_bytes: number; quota_bytes: number };

export default function Data({ params }: ScreenProps) {
  const id = params["id"] ?? "";
  return <FunctionFrame id={id} tab="data">{() => <Pairs id={id} />}</FunctionFrame>;
}

function Pairs({ id }: { id: string }) {
  const path = `/api/functions/${id}/kv`;
  const [prefix, setPrefix] = useState("");
  const [wanted, setWanted] = useState("");
  const [cursors, setCursors] = useState<string[]>([]); // of the parts before
  const [open, setOpen] = useState<string | null>(null); // "" for a new pair
  useEffect(() => {
    const timer = setTimeout(() => {
      setWanted(prefix);
      setCursors([]);
    }, TYPING_DELAY_MS);
    return () => clearTimeout(timer);
  }, [prefix]);
  const cursor = cursors.at(-1);
  const list = useResource((signal) => get<PairList>(path, { query: { prefix: wanted, cursor, limit: 50 }, signal }), [path, wanted, cursor]);
  const erase = async (pair: Pair) => {
    const question = { title: t("data.delete", { key: pair.key }), text: t("data.deleteText"), confirm: t("settings.deleteButton"), danger: true };
    if (!(await confirm(question))) return;
    try {
      await remove(`${path}/${encodedKey(pair)}`);
      void list.reload();
    } catch (problem) {
      toast("bad", errorText(problem));
    }
  };
  const actions = <>
    <TextField label={t("data.prefix")} hideLabel placeholder={t("data.prefix")} mono type="search" value={prefix} onInput={setPrefix} />
    <Button icon="plus" onClick={() => setOpen("")}>{t("data.new")}</Button>
  </>;
  const used = list.data && t("data.used", { used: bytes(list.data.used_bytes), quota: bytes(list.data.quota_bytes) });
  return <><Card title={t("data.title")} subtitle={used} flush actions={actions}>
      <Loaded of={list}>
        {({ items, next_cursor: next }) =>
          items.length === 0
            ? <Empty title={wanted ? t("data.noneMatch") : t("data.none")} text={wanted ? "" : t("data.noneText")} />
            : <><Table caption={t("data.title")} rows={items} rowKey={encodedKey} columns={columns(setOpen, erase)} />
                <nav class="pagination" aria-label={t("page.label")}><span></span><div class="row">
                  <Button small disabled={cursors.length === 0} onClick={() => setCursors(cursors.slice(0, -1))}>{t("page.previous")}</Button>
                  <Button small disabled={!next} onClick={() => next && setCursors([...cursors, next])}>{t("page.next")}</Button>
                </div></nav></>}
      </Loaded>
    </Card>
    {open !== null && <PairDialog path={path} encoded={open} onClose={() => setOpen(null)} onSaved={list.reload} />}</>;
}

function columns(show: (encoded: string) => void, erase: (pair: Pair) => void) {
  return [
    {
      id: "key",
      title: t("data.key"),
      cell: (one: Pair) => <span class="row"><code>{one.key}</code>{one.key_base64 && <Badge>base64</Badge>}</span>,
    },
    {
      id: "value",
      title: t("data.value"),
      cell: (one: Pair) => <span class="row"><code class="truncate kv-value">{one.value.slice(0, 200)}</code>
        {one.base64 && <Badge>base64</Badge>}</span>,
    },
    { id: "size", title: t("data.size"), end: true, cell: (one: Pair) => bytes(one.size) },
    {
      id: "expires",
      title: t("tokens.expires"),
      cell: (one: Pair) =>
        one.expires_at ? <span title={absoluteTime(one.expires_at)}>{relativeTime(one.expires_at)}</span> : t("tokens.never"),
    },
    {
      id: "actions",
      title: t("versions.actions"),
      hideTitle: true,
      end: true,
      cell: (one: Pair) => <div class="actions">
        <Button small onClick={() => show(encodedKey(one))}>{t("data.edit")}</Button>
        <Button small kind="danger" icon="trash" label={t("data.delete", { key: one.key })} onClick={() => erase(one)} />
      </div>,
    },
  ];
}

function PairDialog({ path, encoded, onClose, onSaved }: {
  path: string;
  encoded: string;
  onClose: () => void;
  onSaved: () => void;
}) {
  const found = useResource(
    async (signal) => (encoded ? get<Pair>(`${path}/${encoded}`, { signal }) : { key: "", value: "", size: 0 }),
    [path, encoded],
  );
  const title = encoded ? t("data.edit") : t("data.new");
  return <Dialog title={title} onClose={onClose} large>
    <Loaded of={found}>
      {(pair) => <PairForm path={path} encoded={encoded} pair={pair} onClose={onClose} onSaved={onSaved} />}
    </Loaded>
  </Dialog>;
}

function PairForm({ path, encoded, pair, onClose, onSaved }: {
  path: string;
  encoded: string;
  pair: Pair;
  onClose: () => void;
  onSaved: () => void;
}) {
  const [key, setKey] = useState(pair.key);
  const [value, setValue] = useState(pair.value);
  const [ttl, setTtl] = useState(pair.expires_at ? String(Math.max(1, Math.round(pair.expires_at - Date.now() / 1000))) : "");
  const [errors, setErrors] = useState<Record<string, string>>({});
  const ttlError = numberProblem(ttl, {});
  const isNew = encoded === "";
  const [isBusy, save] = useAction(async () => {
    try {
      if (isNew && (await isTaken(`${path}/${encodeURIComponent(key)}`))) {
        setErrors({ key: t("data.taken") });
        return;
      }
      const body = { value, ...(pair.base64 ? { base64: true } : {}), ...(ttl ? { ttl: Number(ttl) } : {}) };
      await put(`${path}/${encoded || encodeURIComponent(key)}`, body);
      toast("good", t("settings.saved"));
      onSaved();
      onClose();
    } catch (problem) {
      setErrors({ [fieldOf(problem)]: fieldError(problem) });
    }
  });
  const submit = (event: Event) => {
    event.preventDefault();
    if (key && !ttlError) void save();
  };
  return <form class="stack" onSubmit={submit} noValidate>
    <TextField label={t("data.key")} mono value={key} onInput={setKey} readOnly={!isNew} focus={isNew} error={errors["key"]} autocomplete="off" />
    <TextField label={pair.base64 ? t("data.valueBase64") : t("data.value")} mono rows={8} value={value} onInput={setValue} focus={!isNew} error={errors["value"]} />
    <TextField label={t("data.ttl")} hint={t("data.ttlHint")} inputMode="numeric" value={ttl} onInput={setTtl}
      error={ttlError || errors["ttl"]} />
    <div class="actions">
      <Button kind="primary" type="submit" busy={isBusy} disabled={!key || ttlError !== ""}>{t("settings.save")}</Button>
      <Button onClick={onClose}>{t("dialog.cancel")}</Button>
    </div>
  </form>;
}

/** The field that *problem* is about. */
function fieldOf(problem: unknown) {
  if (!(problem instanceof ApiError)) return "value";
  if (problem.field === "ttl") return "ttl";
  return problem.detail.includes("key is too long") ? "key" : "value";
}

/** Whether there is a pair already, which a new one would silently replace. */
async function isTaken(path: string) {
  try {
    await get(path);
    return true;
  } catch (problem) {
    if (problem instanceof ApiError && problem.status === 404) return false;
    throw problem;
  }
}

/** The key as a part of a path, byte for byte. */
function encodedKey({ key, key_base64: isBase64 }: Pair) {
  if (!isBase64) return encodeURIComponent(key);
  return [...atob(key)].map((one) => `%${one.charCodeAt(0).toString(16).padStart(2, "0")}`).join("");
}
