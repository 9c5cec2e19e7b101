// What is shown while there is nothing to show: loading, failed, empty.

import { errorText } from "../errors.js";
import { t } from "../i18n.js";
import { html } from "../lib.js";
import { Button } from "./button.js";

/** @param {{ what?: string }} props */
export function Loading({ what = t("state.loading") }) {
  return html`<div class="loading" role="status"><span class="spinner" aria-hidden="true"></span>${what}</div>`;
}

/** @param {{ error: import("../api.js").ApiError, onRetry: () => void, title?: string }} props */
export function LoadError({ error, onRetry, title }) {
  return html`<div class="empty" role="alert">
    <h2>${title ?? (error.status === 404 ? t("state.notFound") : t("state.failed"))}</h2>
    <p>${errorText(error)}</p>
    <div class="actions"><${Button} icon="refresh" onClick=${onRetry}>${t("state.retry")}<//></div>
  </div>`;
}

/** @param {{ title: string, text?: string, children?: any }} props */
export function Empty({ title, text, children }) {
  return html`<div class="empty">
    <h3>${title}</h3>
    ${text && html`<p>${text}</p>`} ${children && html`<div class="actions">${children}</div>`}
  </div>`;
}

/**
 * The view of a resource: its states, then *children* with the data.
 *
 * @template T
 * @param {{ of: import("../resource.js").Resource<T>, children: (data: T) => any }} props
 */
export function Loaded({ of, children }) {
  if (of.data !== undefined) return html`<${StaleNote} of=${of} />${children(of.data)}`;
  if (of.error) return html`<${LoadError} error=${of.error} onRetry=${of.reload} />`;
  return html`<${Loading} />`;
}

/**
 * What is shown is old, since loading it again failed; without the server the banner says so.
 *
 * @param {{ of: import("../resource.js").Resource<any> }} props
 */
function StaleNote({ of }) {
  if (!of.error || of.error.status === 0) return null;
  return html`<div class="note bad spread" role="alert">
    <span>${t("state.stale")} ${errorText(of.error)}</span>
    <${Button} small icon="refresh" onClick=${of.reload}>${t("state.retry")}<//>
  </div>`;
}
