// Environment variables: each change is sent by itself, so that nobody else's is lost.

import { ApiError, get, request } from "../api.js";
import { t } from "../i18n.js";
import { html, useState } from "../lib.js";
import { useAction, useResource } from "../resource.js";
import { Badge } from "../ui/badge.js";
import { Button } from "../ui/button.js";
import { Card } from "../ui/card.js";
import { CheckField, PasswordField, TextField } from "../ui/field.js";
import { Empty, Loaded } from "../ui/state.js";
import { toast } from "../ui/toast.js";
import { Dialog } from "../ui/dialog.js";
import { useUnsaved } from "./settings-card.js";
import { changesOf, dotenvText, parseDotenv, rowsOf } from "./settings-env-rows.js";

/** @typedef {import("./settings-env-rows.js").Row} Row */

/** @param {{ functionId: string }} props */
export function Environment({ functionId }) {
  const found = useResource((signal) => get(`/api/functions/${functionId}/env`, { signal }), [functionId]);
  const [saves, setSaves] = useState(0); // a new write-only value changes nothing that is told
  const onSaved = async () => {
    await found.reload();
    setSaves((before) => before + 1);
  };
  return html`<${Loaded} of=${found}>
    ${(/** @type {any} */ data) =>
      html`<${Editor} key=${`${saves} ${JSON.stringify(data)}`} functionId=${functionId} stored=${rowsOf(data)} onSaved=${onSaved} />`}
  <//>`;
}

let added = 0;

/** @param {{ functionId: string, stored: Row[], onSaved: () => void }} props */
function Editor({ functionId, stored, onSaved }) {
  const [rows, setRows] = useState(stored);
  const [error, setError] = useState("");
  const [isImporting, setImporting] = useState(false);
  const changes = changesOf(rows);
  const change = (/** @type {string} */ id, /** @type {Partial<Row>} */ values) =>
    setRows(rows.map((one) => (one.id === id ? { ...one, ...values } : one)));
  const add = (/** @type {[string, string][]} */ pairs) => {
    const known = new Map(rows.map((one) => [one.key, one.id]));
    let next = rows;
    for (const [key, value] of pairs) {
      const id = key && known.get(key);
      if (id) next = next.map((one) => (one.id === id ? { ...one, value, isRemoved: false } : one));
      else {
        added += 1;
        next = [...next, { id: `new-${added}`, key, value, writeOnly: false, original: null, isRemoved: false }];
      }
    }
    setRows(next);
  };
  const [isBusy, save] = useAction(async () => {
    setError("");
    if (changes.problem) {
      setError(t(changes.problem.text, { key: changes.problem.key }));
      return;
    }
    try {
      for (const one of changes.list) {
        const path = `/api/functions/${functionId}/env/${encodeURIComponent(one.key)}`;
        if (one.isRemoved) await request("DELETE", path);
        else await request("PUT", path, { body: { value: one.value, write_only: one.writeOnly } });
      }
      toast("good", t("settings.saved"));
      onSaved();
    } catch (problem) {
      setError(problem instanceof ApiError && problem.status ? problem.detail : t("state.unreachable"));
    }
  });
  useUnsaved("env", changes.list.length > 0, save);
  const count = rows.filter((one) => !one.isRemoved).length;
  const actions = html`
    <${Button} small icon="upload" onClick=${() => setImporting(true)}>${t("env.import")}<//>
    <${Button} small icon="download" disabled=${count === 0} onClick=${() => navigator.clipboard.writeText(dotenvText(rows)).then(() => toast("good", t("copy.done")), () => toast("bad", t("copy.failed")))}>${t("env.export")}<//>
    <${Button} small icon="plus" onClick=${() => add([["", ""]])}>${t("env.add")}<//>
  `;
  const foot = html`${changes.list.length > 0 && html`<${Badge} tone="warn" dot>${t("env.changed", { count: changes.list.length })}<//>`}
    <${Button} kind="primary" busy=${isBusy} disabled=${changes.list.length === 0 && !changes.problem} onClick=${() => save()}>${t("settings.save")}<//>`;
  return html`<${Card} title=${t("env.title")} subtitle=${t("env.count", { count })} actions=${actions} foot=${foot}>
    <div class="stack">
      ${error && html`<p class="note bad" role="alert">${error}</p>`}
      ${rows.length === 0 && html`<${Empty} title=${t("env.none")} text=${t("env.noneText")} />`}
      ${rows.map((one) => html`<${Variable} key=${one.id} row=${one} onChange=${(/** @type {Partial<Row>} */ values) => change(one.id, values)}
        onDrop=${() => setRows(rows.filter((other) => other.id !== one.id))} />`)}
    </div>
    ${isImporting && html`<${Import} onClose=${() => setImporting(false)} onTake=${add} />`}
  <//>`;
}

/** @param {{ row: Row, onChange: (values: Partial<Row>) => void, onDrop: () => void }} props */
function Variable({ row, onChange, onDrop }) {
  const isChanged = row.original && !row.isRemoved && (row.value !== row.original.value || row.writeOnly !== row.original.writeOnly);
  const state = row.isRemoved ? "removed" : !row.original ? "added" : isChanged ? "modified" : "";
  const name = row.key || t("env.new");
  return html`<div class="env-row ${state}">
    <${TextField} label=${t("env.key")} hideLabel mono placeholder="API_TOKEN" value=${row.key} readOnly=${row.original !== null}
      disabled=${row.isRemoved} maxLength=${100} onInput=${(/** @type {string} */ key) => onChange({ key })} />
    <${PasswordField} label=${t("env.value", { name })} hideLabel value=${row.value} disabled=${row.isRemoved} autocomplete="off"
      placeholder=${row.original?.writeOnly ? t("env.unchanged") : ""} onInput=${(/** @type {string} */ value) => onChange({ value })} />
    <${CheckField} label=${t("env.secret")} checked=${row.writeOnly} disabled=${row.isRemoved || row.original?.writeOnly === true}
      onChange=${(/** @type {boolean} */ writeOnly) => onChange({ writeOnly })} />
    <div class="row">
      ${state && html`<${Badge} tone=${row.isRemoved ? "bad" : "warn"}>${t(/** @type {any} */ (`env.${state}`))}<//>`}
      <${Button} kind="ghost" icon=${row.isRemoved ? "undo" : "trash"}
        label=${row.isRemoved ? t("env.restore", { name }) : t("env.remove", { name })}
        onClick=${() => (row.original ? onChange({ isRemoved: !row.isRemoved }) : onDrop())} />
    </div>
  </div>`;
}

/** @param {{ onClose: () => void, onTake: (pairs: [string, string][]) => void }} props */
function Import({ onClose, onTake }) {
  const [text, setText] = useState("");
  const { pairs, problems } = parseDotenv(text);
  const take = () => {
    onTake(pairs);
    onClose();
  };
  const foot = html`<${Button} onClick=${onClose}>${t("dialog.cancel")}<//>
    <${Button} kind="primary" disabled=${pairs.length === 0} onClick=${take}>${t("env.take", { count: pairs.length })}<//>`;
  return html`<${Dialog} title=${t("env.import")} onClose=${onClose} foot=${foot}>
    <${TextField} label=${t("env.dotenv")} rows=${10} mono value=${text} onInput=${setText} focus
      error=${problems.length ? t("env.badLines", { lines: problems.join(", ") }) : undefined} />
  <//>`;
}
