// The cards of the settings, to go to one of them.

import { t } from "../i18n.js";
import { html } from "../lib.js";
import { useStore } from "../store.js";
import { unsaved } from "./settings-unsaved.js";

/** @param {{ cards: readonly (readonly [id: string, title: string])[] }} props */
export function SettingsNav({ cards }) {
  const changed = useStore(unsaved);
  return html`<nav class="card-nav" aria-label=${t("settings.cards")}>
    ${cards.map(
      ([id, title]) => html`<button key=${id} type="button" class="button ghost small" onClick=${() => show(id)}>
        ${title}
        ${changed.has(id) && html`<span class="dot" aria-hidden="true"></span><span class="visually-hidden">${t("code.unsaved")}</span>`}
      </button>`,
    )}
  </nav>`;
}

/** @param {string} id */
function show(id) {
  const card = document.getElementById(id);
  if (!card) return;
  card.tabIndex = -1;
  card.focus({ preventScroll: true });
  card.scrollIntoView({ block: "start" });
}
