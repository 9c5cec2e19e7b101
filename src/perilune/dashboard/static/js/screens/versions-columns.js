// What the list of versions shows of each.

import { absoluteTime, bytes, relativeTime } from "../format.js";
import { t } from "../i18n.js";
import { html } from "../lib.js";
import { href } from "../router.js";
import { Badge } from "../ui/badge.js";
import { Button, LinkButton } from "../ui/button.js";
import { tabPath } from "../ui/function-frame.js";

/**
 * @param {{
 *   functionId: string,
 *   active: number | undefined,
 *   chosen: number[],
 *   actions: Actions,
 * }} given
 *
 * @typedef {object} Actions
 * @property {(version: number) => void} choose
 * @property {(one: any) => void} activate
 * @property {(one: any) => void} restore
 * @property {(one: any) => void} erase
 */
export function versionColumns({ functionId, active, chosen, actions }) {
  return [
    {
      id: "choose",
      title: t("versions.select"),
      hideTitle: true,
      cell: (/** @type {any} */ one) => html`<input type="checkbox" checked=${chosen.includes(one.version)}
        aria-label=${t("versions.selectOne", { version: one.version })} onChange=${() => actions.choose(one.version)} />`,
    },
    { id: "version", title: t("functions.version"), cell: (/** @type {any} */ one) => html`<${Version} functionId=${functionId} one=${one} />` },
    {
      id: "created",
      title: t("versions.created"),
      cell: (/** @type {any} */ one) => html`<span title=${absoluteTime(one.created_at)}>${relativeTime(one.created_at)}</span>
        ${one.created_by && html`<span class="hint version-by">${t("versions.by", { name: one.created_by })}</span>`}`,
    },
    { id: "size", title: t("versions.size"), end: true, cell: (/** @type {any} */ one) => bytes(one.code_bytes) },
    {
      id: "executions",
      title: t("tab.executions"),
      end: true,
      cell: (/** @type {any} */ one) => html`<${Outcome} functionId=${functionId} one=${one} />`,
    },
    {
      id: "actions",
      title: t("versions.actions"),
      hideTitle: true,
      end: true,
      cell: (/** @type {any} */ one) => html`<div class="actions">
        ${!one.is_active &&
        html`${active !== undefined &&
          html`<${LinkButton} small href=${href(`/functions/${functionId}/diff/${one.version}/${active}`)}>
            ${t("versions.compareActive")}
          <//>`}
          <${Button} small onClick=${() => actions.activate(one)}>${t("versions.activateButton")}<//>
          <${Button} small icon="undo" label=${t("versions.restoreAs", { version: one.version })} onClick=${() => actions.restore(one)} />
          <${Button} small kind="danger" icon="trash" label=${t("versions.delete", { version: one.version })}
            onClick=${() => actions.erase(one)} />`}
      </div>`,
    },
  ];
}

/** Its number leads to its code; below it what its author says, or how the code begins. @param {{ functionId: string, one: any }} props */
function Version({ functionId, one }) {
  return html`<div class="version">
    <span class="row">
      <a href=${href(`/functions/${functionId}?version=${one.version}`)} title=${t("versions.source", { version: one.version })}>
        <strong>v${one.version}</strong></a>
      ${one.is_active && html`<${Badge} tone="good" dot>${t("versions.active")}<//>`}
    </span>
    ${one.note ? html`<span class="version-note" title=${one.note}>${one.note}</span>` : html`<code class="version-note hint" title=${one.first_line}>${one.first_line}</code>`}
  </div>`;
}

/** How many executions went well and how many did not, each with the list of them. @param {{ functionId: string, one: any }} props */
function Outcome({ functionId, one }) {
  if (one.executions === 0) return "–";
  const list = `${tabPath(functionId, "executions")}?version=${one.version}`;
  const good = one.executions - one.errors;
  return html`<div class="version-outcome">
    ${good > 0 && html`<a href=${href(list)}>${t("versions.succeeded", { count: good })}</a>`}
    ${one.errors > 0 && html`<a class="bad" href=${href(`${list}&status=error`)}>${t("versions.failed", { count: one.errors })}</a>`}
  </div>`;
}
