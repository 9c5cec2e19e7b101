// Short messages in the corner.

import { t } from "../i18n.js";
import { html } from "../lib.js";
import { createStore, useStore } from "../store.js";

const SHOWN_MS = 4000;
const ERROR_SHOWN_MS = 10_000;

/** @typedef {{ id: number, kind: "good" | "bad" | "warn" | "info", text: string }} Toast */

/** @type {import("../store.js").Store<Toast[]>} */
const toasts = createStore(/** @type {Toast[]} */ ([]));
/** When each goes away. @type {Map<number, ReturnType<typeof setTimeout>>} */
const timers = new Map();
let last = 0;

/**
 * Show *text* for a while.
 *
 * @param {Toast["kind"]} kind
 * @param {string} text
 */
export function toast(kind, text) {
  last += 1;
  const one = { id: last, kind, text };
  toasts.set([...toasts.get().slice(-4), one]);
  leaveLater(one);
}

/** Where toasts appear; errors are read out at once, others when there is a pause. */
export function Toasts() {
  const shown = useStore(toasts);
  const list = (/** @type {Toast[]} */ some) =>
    some.map(
      // Who points at one, or is in it, has all the time to read it.
      (one) => html`<div class="toast ${one.kind}" key=${one.id} onMouseEnter=${() => stay(one)} onMouseLeave=${() => leaveLater(one)}
        onFocusIn=${() => stay(one)} onFocusOut=${() => leaveLater(one)}>
        <span class="grow">${one.text}</span>
        <button class="button ghost icon small" type="button" aria-label=${t("toast.close")}
          onClick=${() => dismiss(one.id)}>×</button>
      </div>`,
    );
  return html`<div class="toasts">
    <div role="alert" aria-live="assertive" class="stack-s">${list(shown.filter((one) => one.kind === "bad"))}</div>
    <div role="status" aria-live="polite" class="stack-s">${list(shown.filter((one) => one.kind !== "bad"))}</div>
  </div>`;
}

/** @param {Toast} one */
function stay({ id }) {
  clearTimeout(timers.get(id));
}

/** @param {Toast} one */
function leaveLater({ id, kind }) {
  clearTimeout(timers.get(id));
  timers.set(id, setTimeout(() => dismiss(id), kind === "bad" ? ERROR_SHOWN_MS : SHOWN_MS));
}

/** @param {number} id */
function dismiss(id) {
  clearTimeout(timers.get(id));
  timers.delete(id);
  toasts.set(toasts.get().filter((one) => one.id !== id));
}
