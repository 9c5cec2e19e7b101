// The key-value pairs of a function: look, change, remove.

import { ApiError, get, put, remove } from "../api.js";
import { errorText, fieldError } from "../errors.js";
import { absoluteTime, bytes, relativeTime } from "../format.js";
import { t } from "../i18n.js";
import { html, useEffect, useState } from "../lib.js";
import { useAction, useResource } from "../resource.js";
import { Badge } from "../ui/badge.js";
import { Button } from "../ui/button.js";
import { Card } from "../ui/card.js";
import { Dialog, confirm } from "../ui/dialog.js";
import { TextField } from "../ui/field.js";
import { FunctionFrame } from "../ui/function-frame.js";
import { Empty, Loaded } from "../ui/state.js";
import { Table } from "../ui/table.js";
import { toast } from "../ui/toast.js";
import { numberProblem } from "./settings-checks.js";

const TYPING_DELAY_MS = 300;

/**
 * @typedef {object} Pair
 * @property {string} key
 * @property {boolean} [key_base64]  the key is not text
 * @property {string} value
 * @property {boolean} [base64]  the value is not text
 * @property {boolean} [truncated]
 * @property {number} size
 * @property {number} [expires_at]
 */

/** @param {import("../routes.js").ScreenProps} props */
export default function Data({ params }) {
  const id = params["id"] ?? "";
  return html`<${FunctionFrame} id=${id} tab="data">${() => html`<${Pairs} id=${id} />`}<//>`;
}

/** @param {{ id: string }} props */
function Pairs({ id }) {
  const path = `/api/functions/${id}/kv`;
  const [prefix, setPrefix] = useState("");
  const [wanted, setWanted] = useState("");
  const [cursors, setCursors] = useState(/** @type {string[]} */ ([])); // of the parts before
  const [open, setOpen] = useState(/** @type {string | null} */ (null)); // "" for a new pair
  useEffect(() => {
    const timer = setTimeout(() => {
      setWanted(prefix);
      setCursors([]);
    }, TYPING_DELAY_MS);
    return () => clearTimeout(timer);
  }, [prefix]);
  const cursor = cursors.at(-1);
  const list = useResource((signal) => get(path, { query: { prefix: wanted, cursor, limit: 50 }, signal }), [path, wanted, cursor]);
  const erase = async (/** @type {Pair} */ pair) => {
    const question = { title: t("data.delete", { key: pair.key }), text: t("data.deleteText"), confirm: t("settings.deleteButton"), danger: true };
    if (!(await confirm(question))) return;
    try {
      await remove(`${path}/${encodedKey(pair)}`);
      void list.reload();
    } catch (problem) {
      toast("bad", errorText(problem));
    }
  };
  const actions = html`
    <${TextField} label=${t("data.prefix")} hideLabel placeholder=${t("data.prefix")} mono type="search" value=${prefix} onInput=${setPrefix} />
    <${Button} icon="plus" onClick=${() => setOpen("")}>${t("data.new")}<//>
  `;
  const used = list.data && t("data.used", { used: bytes(list.data.used_bytes), quota: bytes(list.data.quota_bytes) });
  return html`<${Card} title=${t("data.title")} subtitle=${used} flush actions=${actions}>
      <${Loaded} of=${list}>
        ${(/** @type {any} */ { items, next_cursor: next }) =>
          items.length === 0
            ? html`<${Empty} title=${wanted ? t("data.noneMatch") : t("data.none")} text=${wanted ? "" : t("data.noneText")} />`
            : html`<${Table} caption=${t("data.title")} rows=${items} rowKey=${encodedKey} columns=${columns(setOpen, erase)} />
                <nav class="pagination" aria-label=${t("page.label")}><span></span><div class="row">
                  <${Button} small disabled=${cursors.length === 0} onClick=${() => setCursors(cursors.slice(0, -1))}>${t("page.previous")}<//>
                  <${Button} small disabled=${!next} onClick=${() => setCursors([...cursors, next])}>${t("page.next")}<//>
                </div></nav>`}
      <//>
    <//>
    ${open !== null && html`<${PairDialog} path=${path} encoded=${open} onClose=${() => setOpen(null)} onSaved=${list.reload} />`}`;
}

/**
 * @param {(encoded: string) => void} show
 * @param {(pair: Pair) => void} erase
 */
function columns(show, erase) {
  return [
    {
      id: "key",
      title: t("data.key"),
      cell: (/** @type {Pair} */ one) => html`<span class="row"><code>${one.key}</code>${one.key_base64 && html`<${Badge}>base64<//>`}</span>`,
    },
    {
      id: "value",
      title: t("data.value"),
      cell: (/** @type {Pair} */ one) => html`<span class="row"><code class="truncate kv-value">${one.value.slice(0, 200)}</code>
        ${one.base64 && html`<${Badge}>base64<//>`}</span>`,
    },
    { id: "size", title: t("data.size"), end: true, cell: (/** @type {Pair} */ one) => bytes(one.size) },
    {
      id: "expires",
      title: t("tokens.expires"),
      cell: (/** @type {Pair} */ one) =>
        one.expires_at ? html`<span title=${absoluteTime(one.expires_at)}>${relativeTime(one.expires_at)}</span>` : t("tokens.never"),
    },
    {
      id: "actions",
      title: t("versions.actions"),
      hideTitle: true,
      end: true,
      cell: (/** @type {Pair} */ one) => html`<div class="actions">
        <${Button} small onClick=${() => show(encodedKey(one))}>${t("data.edit")}<//>
        <${Button} small kind="danger" icon="trash" label=${t("data.delete", { key: one.key })} onClick=${() => erase(one)} />
      </div>`,
    },
  ];
}

/** @param {{ path: string, encoded: string, onClose: () => void, onSaved: () => void }} props */
function PairDialog({ path, encoded, onClose, onSaved }) {
  const found = useResource(
    async (signal) => (encoded ? get(`${path}/${encoded}`, { signal }) : { key: "", value: "", size: 0 }),
    [path, encoded],
  );
  const title = encoded ? t("data.edit") : t("data.new");
  return html`<${Dialog} title=${title} onClose=${onClose} large>
    <${Loaded} of=${found}>
      ${(/** @type {Pair} */ pair) => html`<${PairForm} path=${path} encoded=${encoded} pair=${pair} onClose=${onClose} onSaved=${onSaved} />`}
    <//>
  <//>`;
}

/** @param {{ path: string, encoded: string, pair: Pair, onClose: () => void, onSaved: () => void }} props */
function PairForm({ path, encoded, pair, onClose, onSaved }) {
  const [key, setKey] = useState(pair.key);
  const [value, setValue] = useState(pair.value);
  const [ttl, setTtl] = useState(pair.expires_at ? String(Math.max(1, Math.round(pair.expires_at - Date.now() / 1000))) : "");
  const [errors, setErrors] = useState(/** @type {Record<string, string>} */ ({}));
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
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (key && !ttlError) void save();
  };
  return html`<form class="stack" onSubmit=${submit} noValidate>
    <${TextField} label=${t("data.key")} mono value=${key} onInput=${setKey} readOnly=${!isNew} focus=${isNew} error=${errors["key"]} autocomplete="off" />
    <${TextField} label=${pair.base64 ? t("data.valueBase64") : t("data.value")} mono rows=${8} value=${value} onInput=${setValue} focus=${!isNew} error=${errors["value"]} />
    <${TextField} label=${t("data.ttl")} hint=${t("data.ttlHint")} inputMode="numeric" value=${ttl} onInput=${setTtl}
      error=${ttlError || errors["ttl"]} />
    <div class="actions">
      <${Button} kind="primary" type="submit" busy=${isBusy} disabled=${!key || ttlError !== ""}>${t("settings.save")}<//>
      <${Button} onClick=${onClose}>${t("dialog.cancel")}<//>
    </div>
  </form>`;
}

/** The field that *problem* is about. @param {unknown} problem */
function fieldOf(problem) {
  if (!(problem instanceof ApiError)) return "value";
  if (problem.field === "ttl") return "ttl";
  return problem.detail.includes("key is too long") ? "key" : "value";
}

/**
 * Whether there is a pair already, which a new one would silently replace.
 *
 * @param {string} path
 */
async function isTaken(path) {
  try {
    await get(path);
    return true;
  } catch (problem) {
    if (problem instanceof ApiError && problem.status === 404) return false;
    throw problem;
  }
}

/**
 * The key as a part of a path, byte for byte.
 *
 * @param {Pair} pair
 */
function encodedKey({ key, key_base64: isBase64 }) {
  if (!isBase64) return encodeURIComponent(key);
  return [...atob(key)].map((one) => `%${one.charCodeAt(0).toString(16).padStart(2, "0")}`).join("");
}
