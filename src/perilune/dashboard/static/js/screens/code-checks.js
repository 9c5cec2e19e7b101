// What the server says of code that is being written.

import { get, post } from "../api.js";
import { t } from "../i18n.js";
import { html, useEffect, useState } from "../lib.js";
import { confirm } from "../ui/dialog.js";
import { Icon } from "../ui/icon.js";

/** @typedef {import("../editor/editor.js").Marker} Marker */

const CHECK_DELAY_MS = 500;

/**
 * What the server finds wrong in *code*, a moment after it was changed; null until it is known.
 *
 * @param {string} id
 * @param {string} code
 */
export function useCheck(id, code) {
  const [markers, setMarkers] = useState(/** @type {Marker[] | null} */ (null));
  useEffect(() => {
    let isCurrent = true;
    const timer = setTimeout(async () => {
      try {
        const found = await problemsOf(id, code);
        if (isCurrent) setMarkers((before) => (JSON.stringify(before) === JSON.stringify(found) ? before : found));
      } catch {
        // Without an answer nothing is known to be wrong.
      }
    }, CHECK_DELAY_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [id, code]);
  return markers;
}

/** @param {{ markers: readonly Marker[] | null, onShow: (line: number) => void }} props */
export function Problems({ markers, onShow }) {
  if (markers === null) return html`<p class="problems" role="status"></p>`;
  if (markers.length === 0) {
    return html`<p class="problems good" role="status"><${Icon} name="check" />${t("editor.noProblems")}</p>`;
  }
  return html`<ul class="problems bad" role="status">
    ${markers.map(
      (one) => html`<li key=${`${one.line}:${one.message}`}>
        <button class="button ghost small" type="button" onClick=${() => onShow(one.line)}>${t("code.line", { line: one.line })}</button>
        <span>${one.message}</span>
      </li>`,
    )}
  </ul>`;
}

/**
 * Whether *base* is still the active version, or may be replaced though it is not.
 *
 * @param {string} id
 * @param {number} base  the version that was changed
 */
export async function mayOverwrite(id, base) {
  const now = await get(`/api/functions/${id}`).catch(() => null);
  if (!now || (now.active_version?.version ?? 0) === base) return true;
  return confirm({
    title: t("code.conflict"),
    text: t("code.conflictText", { version: now.active_version?.version ?? 0 }),
    confirm: t("code.saveAnyway"),
    danger: true,
  });
}

/**
 * Whether *code* runs, or may be saved though it does not.
 *
 * @param {string} id
 * @param {string} code
 */
export async function mayBeBroken(id, code) {
  const [first] = await problemsOf(id, code).catch(() => []); // saving will say what is the matter
  if (!first) return true;
  return confirm({
    title: t("code.broken"),
    text: t("code.brokenText", { line: first.line, message: first.message }),
    confirm: t("code.saveAnyway"),
    danger: true,
  });
}

/**
 * @param {string} id
 * @param {string} code
 * @returns {Promise<Marker[]>}
 * @throws {import("../api.js").ApiError}
 */
async function problemsOf(id, code) {
  const { errors } = await post(`/api/functions/${id}/check`, { code });
  return errors.map((/** @type {any} */ one) => ({ ...one, line: one.line ?? 1 }));
}
