// A card of settings with a button of its own.

import { ApiError, get, put } from "../api.js";
import { errorText, fieldError } from "../errors.js";
import { t } from "../i18n.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../lib.js";
import { useAction } from "../resource.js";
import { Badge } from "../ui/badge.js";
import { Button } from "../ui/button.js";
import { Card } from "../ui/card.js";
import { toast } from "../ui/toast.js";
import { useUnsaved } from "./settings-unsaved.js";

/** @typedef {Record<string, any>} Values  by the name of the setting */
/** @typedef {Record<string, string>} Problems  by the name of the setting */

/**
 * @typedef {object} Form  what is being changed
 * @property {Values} values
 * @property {(changes: Values) => void} set
 * @property {Problems} errors
 */

/**
 * @param {{
 *   id: string,
 *   data: any,
 *   found: import("../resource.js").Resource<any>,
 *   title: string,
 *   subtitle?: string,
 *   kind?: "warning" | "danger" | "",
 *   read: (data: any) => Values,
 *   check?: (values: Values) => Problems,
 *   toBody?: (values: Values) => Values,
 *   children: (form: Form) => any,
 * }} props  *read* gives the values as its fields show them, *toBody* as the server takes them
 */
export function SettingsCard({ id, data, found, title, subtitle, kind = "", read, check = noProblems, toBody = asTheyAre, children }) {
  const stored = read(data);
  const [values, setValues] = useState(stored);
  const base = useRef(stored);
  const [refused, setRefused] = useState(/** @type {Problems} */ ({}));
  const element = useRef(/** @type {HTMLFormElement | null} */ (null));
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
      const now = await get(path);
      const met = changesMet(stored, read(now), values, changed);
      found.change(() => now);
      setRefused(met);
      if (Object.keys(met).length > 0) return;
      const next = await put(path, toBody(only(values, changed)));
      found.change(() => next);
      toast("good", t("settings.saved"));
    } catch (problem) {
      if (problem instanceof ApiError && problem.field in stored) setRefused({ [problem.field]: fieldError(problem) });
      else toast("bad", errorText(problem));
    }
  });
  useUnsaved(id, changed.length > 0, save);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (changed.length > 0) void save();
  };
  const set = (/** @type {Values} */ changes) => {
    setValues({ ...values, ...changes });
    setRefused(only(refused, Object.keys(refused).filter((name) => !(name in changes))));
  };
  const undo = () => {
    setValues(stored);
    setRefused({});
  };
  const foot = html`${changed.length > 0 && html`<${Badge} tone="warn" dot>${t("code.unsaved")}<//>
      <${Button} onClick=${undo}>${t("settings.undo")}<//>`}
    <${Button} kind="primary" type="submit" busy=${isBusy} disabled=${changed.length === 0}>${t("settings.save")}<//>`;
  return html`<form ref=${element} onSubmit=${submit} noValidate>
    <${Card} id=${id} title=${title} subtitle=${subtitle} kind=${kind} foot=${foot}>
      <div class="stack">${children({ values, set, errors: { ...problems, ...refused } })}</div>
    <//>
  </form>`;
}

/** @returns {Problems} */
const noProblems = () => ({});

/** @param {Values} values */
const asTheyAre = (values) => values;

/**
 * @template T
 * @param {Record<string, T>} all
 * @param {string[]} names
 * @returns {Record<string, T>}
 */
function only(all, names) {
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)));
}

/**
 * What the server has now, with what was changed here since it had *before*.
 *
 * @param {Values} before
 * @param {Values} now
 * @param {Values} mine
 */
function merged(before, now, mine) {
  return Object.fromEntries(Object.entries(now).map(([name, value]) => [name, mine[name] === before[name] ? value : mine[name]]));
}

/**
 * Which of the settings that are changed here somebody else has changed meanwhile.
 *
 * @param {Values} stored  what this card began with
 * @param {Values} now  what the server has
 * @param {Values} mine
 * @param {string[]} changed
 * @returns {Problems}
 */
function changesMet(stored, now, mine, changed) {
  const met = changed.filter((name) => now[name] !== stored[name] && now[name] !== mine[name]);
  return Object.fromEntries(met.map((name) => [name, t("settings.met", { value: shown(now[name]) })]));
}

/** @param {unknown} value  of a setting */
function shown(value) {
  if (typeof value === "boolean") return value ? t("settings.on") : t("settings.off");
  return value === "" ? t("settings.nothing") : String(value);
}
