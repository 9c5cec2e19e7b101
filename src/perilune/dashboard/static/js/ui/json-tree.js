// JSON as a tree that can be opened and closed.

import { t } from "../i18n.js";
import { html, useState } from "../lib.js";
import { Button } from "./button.js";

const OPEN_DEPTH = 2;
const PART = 100; // members that are shown at first, and added at a time

/** @param {{ value: unknown, label: string }} props */
export function JsonTree({ value, label }) {
  return html`<div class="code tree" role="group" tabindex="0" aria-label=${label}>
    <${Node} value=${value} depth=${0} />
  </div>`;
}

/** @param {{ name?: string, value: unknown, depth: number }} props */
function Node({ name, value, depth }) {
  const [isOpen, setOpen] = useState(depth < OPEN_DEPTH);
  const key = name !== undefined && html`<span class="tok-propertyName">${name}</span>${": "}`;
  if (value === null || typeof value !== "object") {
    const kind = typeof value === "string" ? "string" : typeof value === "number" ? "number" : "atom";
    return html`<div class="tree-leaf">${key}<span class="tok-${kind}">${JSON.stringify(value)}</span></div>`;
  }
  const members = Object.entries(value);
  const count = t("body.members", { count: members.length });
  const brackets = Array.isArray(value) ? "[ ]" : "{ }";
  return html`<details open=${isOpen} onToggle=${(/** @type {any} */ event) => setOpen(event.currentTarget.open)}>
    <summary>${key}${brackets} <span class="muted">${count}</span></summary>
    ${isOpen && html`<${Members} members=${members} depth=${depth + 1} />`}
  </details>`;
}

/** @param {{ members: [string, unknown][], depth: number }} props */
function Members({ members, depth }) {
  const [shown, setShown] = useState(PART);
  return html`<div class="tree-members">
    ${members.slice(0, shown).map(([name, value]) => html`<${Node} key=${name} name=${name} value=${value} depth=${depth} />`)}
    ${members.length > shown &&
    html`<${Button} small onClick=${() => setShown(shown + PART)}>${t("body.more", { count: members.length - shown })}<//>`}
  </div>`;
}
