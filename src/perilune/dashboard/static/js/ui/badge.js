// Small marks: states, ids, versions.

import { hasText, t } from "../i18n.js";
import { html } from "../lib.js";
import { CopyButton } from "./button.js";

/** @typedef {"good" | "bad" | "warn" | "info" | "accent" | ""} Tone */

/** @param {{ tone?: Tone, dot?: boolean, title?: string, children?: any }} props */
export function Badge({ tone = "", dot = false, title, children }) {
  return html`<span class="badge ${tone}" title=${title}>
    ${dot && html`<span class="dot" aria-hidden="true"></span>`}${children}
  </span>`;
}

/** @type {Record<string, Tone>} */
const STATUS_TONES = { success: "good", error: "bad", pending: "" };

/** How an execution or a request ended. @param {{ status: string }} props */
export function StatusBadge({ status }) {
  const key = `status.${status}`;
  return html`<${Badge} tone=${STATUS_TONES[status] ?? ""} dot>${hasText(key) ? t(key) : status}<//>`;
}

/** What started an execution. @param {{ trigger: string }} props */
export function TriggerBadge({ trigger }) {
  const key = `trigger.${trigger}`;
  return html`<${Badge} tone=${trigger === "cron" ? "info" : ""}>${hasText(key) ? t(key) : trigger}<//>`;
}

/** Whether a function is enabled. @param {{ disabled: boolean }} props */
export function EnabledBadge({ disabled }) {
  return html`<${Badge} tone=${disabled ? "warn" : "good"} dot>
    ${disabled ? t("function.disabled") : t("function.enabled")}
  <//>`;
}

const LANGUAGES = { lua: "Lua", javascript: "JavaScript", typescript: "TypeScript", python: "Python" };

/**
 * The name of a language that functions are written in.
 *
 * @param {string} runtime
 */
export function languageName(runtime) {
  return LANGUAGES[/** @type {keyof typeof LANGUAGES} */ (runtime)] ?? runtime;
}

/** An id with a button that copies it. @param {{ id: string, short?: boolean }} props */
export function Id({ id, short = false }) {
  return html`<span class="id mono" title=${id}>
    ${short ? id.slice(0, 8) : id}<${CopyButton} text=${id} what=${t("copy.id")} />
  </span>`;
}
