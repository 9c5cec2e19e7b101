// Environment variables: each change is sent by itself, so that nobody else's is lost.

import { get, request } from "../api.js";
import { dotenvLine } from "../dotenv.js";
import { fieldError } from "../errors.js";
import { t } from "../i18n.js";
import { html, useEffect, useRef, useState } from "../lib.js";
import { useAction, useResource } from "../resource.js";
import { Badge } from "../ui/badge.js";
import { Button } from "../ui/button.js";
import { Card } from "../ui/card.js";
import { CheckField, PasswordField, TextField } from "../ui/field.js";
import { focusBeside } from "../ui/focus.js";
import { Empty, Loaded } from "../ui/state.js";
import { toast } from "../ui/toast.js";
import { Import } from "./settings-env-import.js";
import { changesOf, isChanged, problemsOf, rebased, rowsOf } from "./settings-env-rows.js";
import { useUnsaved } from "./settings-unsaved.js";

/** @typedef {import("./settings-env-rows.js").Row} Row */
/** @typedef {ReadonlyMap<string, import("./settings-env-rows.js").RowProblem>} RowProblems */

/** @param {{ functionId: string }} props */
export function Environment({ functionId }) {
  const path = `/api/functions/${functionId}/env`;
  const found = useResource((signal) => get(path, { signal }), [path]);
  return html`<${Loaded} of=${found}>
    ${(/** @type {any} */ data) => html`<${Editor} path=${path} stored=${rowsOf(data)} />`}
  <//>`;
}

let added = 0;

/** @param {{ path: string, stored: Row[] }} props */
function Editor({ path, stored }) {
  const [rows, setRows] = useState(stored);
  const [met, setMet] = useState(/** @type {RowProblems} */ (new Map()));
  const [error, setError] = useState("");
  const [isImporting, setImporting] = useState(false);
  const element = useRef(/** @type {HTMLFormElement | null} */ (null));
  const changes = changesOf(rows);
  const problems = problemsOf(rows);
  useEffect(() => setRows((mine) => rebased(mine, stored).rows), [JSON.stringify(stored)]);
  const [isBusy, save] = useAction(async () => {
    setError("");
    const first = element.current?.querySelector('[aria-invalid="true"]');
    if (problems.size > 0) return void (first instanceof HTMLElement && first.focus());
    try {
      const now = rebased(rows, rowsOf(await get(path)));
      setRows(now.rows);
      setMet(now.met);
      if (now.met.size > 0) return;
      for (const one of changesOf(now.rows)) {
        const variable = `${path}/${encodeURIComponent(one.key)}`;
        if (one.isRemoved) await request("DELETE", variable);
        else await request("PUT", variable, { body: { value: one.value, write_only: one.writeOnly } });
      }
      setRows(rowsOf(await get(path)));
      toast("good", t("settings.saved"));
    } catch (problem) {
      setError(fieldError(problem));
    }
  });
  useUnsaved("environment", changes.length > 0, save);
  const change = (/** @type {string} */ id, /** @type {Partial<Row>} */ values) => {
    setRows(rows.map((one) => (one.id === id ? { ...one, ...values } : one)));
    setMet(new Map([...met].filter(([one]) => one !== id)));
  };
  const add = (/** @type {[string, string][]} */ pairs, /** @type {boolean} */ areSecret) => setRows(withPairs(rows, pairs, areSecret));
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(dotenvText(rows));
      toast("good", t("copy.done"));
    } catch {
      toast("bad", t("copy.failed"));
    }
  };
  const count = rows.filter((one) => !one.isRemoved).length;
  const actions = html`
    <${Button} small icon="upload" onClick=${() => setImporting(true)}>${t("env.import")}<//>
    <${Button} small icon="download" disabled=${count === 0} onClick=${copy}>${t("env.export")}<//>
    <${Button} small icon="plus" onClick=${() => add([["", ""]], false)}>${t("env.add")}<//>
  `;
  const undo = () => {
    setRows(rows.filter((one) => one.original).map((one) => ({ ...one, ...one.original, isRemoved: false })));
    setMet(new Map());
    setError("");
  };
  const foot = html`${changes.length > 0 && html`<${Badge} tone="warn" dot>${t("env.changed", { count: changes.length })}<//>
      <${Button} onClick=${undo}>${t("settings.undo")}<//>`}
    <${Button} kind="primary" type="submit" busy=${isBusy} disabled=${changes.length === 0}>${t("settings.save")}<//>`;
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void save();
  };
  return html`<form ref=${element} onSubmit=${submit} noValidate>
    <${Card} id="environment" title=${t("env.title")} subtitle=${t("env.count", { count })} actions=${actions} foot=${foot}>
      <div class="stack">
        ${error && html`<p class="note bad" role="alert">${error}</p>`}
        ${rows.length === 0 && html`<${Empty} title=${t("env.none")} text=${t("env.noneText")} />`}
        ${rows.map((one) => html`<${Variable} key=${one.id} row=${one} problem=${problems.get(one.id) ?? met.get(one.id)}
          onChange=${(/** @type {Partial<Row>} */ values) => change(one.id, values)}
          onDrop=${() => setRows(rows.filter((other) => other.id !== one.id))} />`)}
      </div>
    <//>
  </form>
  ${isImporting && html`<${Import} known=${rows.map((one) => one.key)} onClose=${() => setImporting(false)} onTake=${add} />`}`;
}

/**
 * @param {Row[]} rows
 * @param {[string, string][]} pairs
 * @param {boolean} areSecret
 */
function withPairs(rows, pairs, areSecret) {
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

/**
 * The variables that can be read, as a .env file.
 *
 * @param {Row[]} rows
 */
function dotenvText(rows) {
  const shown = rows.filter((one) => !one.isRemoved && one.key);
  const isHidden = (/** @type {Row} */ { original, writeOnly, value }) => original?.writeOnly && writeOnly && value === "";
  return shown.map((one) => (isHidden(one) ? `# ${one.key} is write-only\n` : dotenvLine(one.key, one.value))).join("");
}

/**
 * @param {{
 *   row: Row,
 *   problem: import("./settings-env-rows.js").RowProblem | undefined,
 *   onChange: (values: Partial<Row>) => void,
 *   onDrop: () => void,
 * }} props
 */
function Variable({ row, problem, onChange, onDrop }) {
  const state = row.isRemoved ? "removed" : !row.original ? "added" : isChanged(row) ? "modified" : "";
  const name = row.key || t("env.new");
  const press = (/** @type {any} */ event) => {
    if (row.original) return onChange({ isRemoved: !row.isRemoved });
    focusBeside(event.currentTarget, ".env-row");
    return onDrop();
  };
  const isNew = row.original === null && row.key === "" && row.value === "";
  return html`<div class="env-row ${state}">
    <${TextField} label=${t("env.key")} hideLabel mono placeholder="API_TOKEN" value=${row.key} readOnly=${row.original !== null}
      disabled=${row.isRemoved} maxLength=${100} focus=${isNew} autocomplete="off" error=${problem && t(problem, { key: row.key })}
      onInput=${(/** @type {string} */ key) => onChange({ key })} />
    <${PasswordField} label=${t("env.value", { name })} hideLabel value=${row.value} disabled=${row.isRemoved} autocomplete="off"
      placeholder=${row.original?.writeOnly ? t("env.unchanged") : ""} onInput=${(/** @type {string} */ value) => onChange({ value })} />
    <${CheckField} label=${t("env.secret")} checked=${row.writeOnly} disabled=${row.isRemoved || row.original?.writeOnly === true}
      onChange=${(/** @type {boolean} */ writeOnly) => onChange({ writeOnly })} />
    <div class="row end">
      ${state && html`<${Badge} tone=${row.isRemoved ? "bad" : "warn"}>${t(`env.${state}`)}<//>`}
      <${Button} kind="ghost" icon=${row.isRemoved ? "undo" : "trash"}
        label=${row.isRemoved ? t("env.restore", { name }) : t("env.remove", { name })}
        onClick=${press} />
    </div>
  </div>`;
}
