// A card of settings with a button of its own.

import { ApiError, put } from "../api.js";
import { t } from "../i18n.js";
import { html, useEffect, useRef, useState } from "../lib.js";
import { useAction } from "../resource.js";
import { guardLeaving } from "../router.js";
import { createStore, useStore } from "../store.js";
import { Badge } from "../ui/badge.js";
import { Button } from "../ui/button.js";
import { Card } from "../ui/card.js";
import { confirm } from "../ui/dialog.js";
import { toast } from "../ui/toast.js";

/**
 * @typedef {object} Form  what is being changed
 * @property {Record<string, any>} values
 * @property {(changes: Record<string, any>) => void} set
 * @property {Record<string, string>} errors  by field
 */

/** How to save each card that was changed, by its name. @type {import("../store.js").Store<ReadonlyMap<string, () => Promise<void>>>} */
const unsaved = createStore(/** @type {ReadonlyMap<string, () => Promise<void>>} */ (new Map()));

/**
 * Say whether a card was changed, and how it is saved.
 *
 * @param {string} name
 * @param {boolean} isChanged
 * @param {() => Promise<void>} save
 */
export function useUnsaved(name, isChanged, save) {
  const latest = useRef(save);
  latest.current = save;
  useEffect(() => {
    if (!isChanged) return undefined;
    unsaved.set(new Map([...unsaved.get(), [name, () => latest.current()]]));
    return () => unsaved.set(new Map([...unsaved.get()].filter(([one]) => one !== name)));
  }, [name, isChanged]);
}

/** What was changed and not saved: all of it at once, and a question before it is left. */
export function SaveAll() {
  const cards = useStore(unsaved);
  const isAny = cards.size > 0;
  useEffect(() => {
    if (!isAny) return undefined;
    guardLeaving(() =>
      confirm({ title: t("code.leave"), text: t("settings.leaveText"), confirm: t("code.leave"), danger: true }),
    );
    return () => guardLeaving(null);
  }, [isAny]);
  const [isBusy, save] = useAction(async () => {
    for (const one of [...cards.values()]) await one();
  });
  if (cards.size < 2) return null;
  return html`<div class="save-all" role="status">
    <span class="grow">${t("settings.unsaved", { count: cards.size })}</span>
    <${Button} kind="primary" busy=${isBusy} onClick=${() => save()}>${t("settings.saveAll")}<//>
  </div>`;
}

/**
 * @param {{
 *   data: any,
 *   found: import("../resource.js").Resource<any>,
 *   title: string,
 *   subtitle?: string,
 *   kind?: "warning" | "danger" | "",
 *   fields: Record<string, any>,
 *   toBody?: (values: Record<string, any>) => Record<string, any>,
 *   children: (form: Form) => any,
 * }} props  *fields* are the names of settings with what stands for "not set"
 */
export function SettingsCard({ data, found, title, subtitle, kind = "", fields, toBody = (values) => values, children }) {
  const stored = Object.fromEntries(Object.entries(fields).map(([name, unset]) => [name, data[name] ?? unset]));
  const key = JSON.stringify(stored);
  const [values, setValues] = useState(stored);
  const [errors, setErrors] = useState(/** @type {Record<string, string>} */ ({}));
  useEffect(() => setValues(stored), [key]);
  const isChanged = JSON.stringify(values) !== key;
  const [isBusy, save] = useAction(async () => {
    setErrors({});
    const changed = Object.fromEntries(Object.entries(values).filter(([name, value]) => value !== stored[name]));
    try {
      const next = await put(`/api/functions/${data.id}`, toBody(changed));
      found.change(() => next);
      toast("good", t("settings.saved"));
    } catch (problem) {
      const error = problem instanceof ApiError ? problem : new ApiError(0, String(problem));
      if (error.field in fields) setErrors({ [error.field]: error.detail });
      else toast("bad", error.status ? error.message : t("state.unreachable"));
    }
  });
  useUnsaved(title, isChanged, save);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (isChanged) void save();
  };
  const form = { values, set: (/** @type {any} */ changes) => setValues({ ...values, ...changes }), errors };
  const foot = html`${isChanged && html`<${Badge} tone="warn" dot>${t("code.unsaved")}<//>
      <${Button} onClick=${() => setValues(stored)}>${t("settings.undo")}<//>`}
    <${Button} kind="primary" type="submit" busy=${isBusy} disabled=${!isChanged}>${t("settings.save")}<//>`;
  return html`<form onSubmit=${submit}>
    <${Card} title=${title} subtitle=${subtitle} kind=${kind} foot=${foot}><div class="stack">${children(form)}</div><//>
  </form>`;
}

/**
 * Text of a number field as the API wants it: a number, or null for empty.
 *
 * @param {unknown} value
 */
export const numberOrNull = (value) => (value === "" || value === null ? null : Number(value));
