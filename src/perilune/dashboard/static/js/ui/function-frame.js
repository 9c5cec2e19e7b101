// What all screens of one function have in common: who it is, and the tabs.

import { get } from "../api.js";
import { t } from "../i18n.js";
import { html } from "../lib.js";
import { useResource } from "../resource.js";
import { href } from "../router.js";
import { useSubject } from "../title.js";
import { Badge, EnabledBadge, Id, languageName } from "./badge.js";
import { Icon } from "./icon.js";
import { Loaded } from "./state.js";

/** @typedef {"code" | "versions" | "executions" | "data" | "settings" | "test"} Tab */

/** @type {readonly Tab[]} */
const TABS = ["code", "versions", "executions", "data", "settings", "test"];

/**
 * The address of a tab.
 *
 * @param {string} id  of the function
 * @param {Tab} tab
 */
export const tabPath = (id, tab) => (tab === "code" ? `/functions/${id}` : `/functions/${id}/${tab}`);

/**
 * Loads the function and draws *children* with it below the tabs.
 *
 * @param {{
 *   id: string,
 *   tab: Tab | "",
 *   actions?: (data: any) => any,
 *   children: (data: any, resource: import("../resource.js").Resource<any>) => any,
 * }} props
 */
export function FunctionFrame({ id, tab, actions, children }) {
  const found = useResource((signal) => get(`/api/functions/${id}`, { signal }), [id]);
  useSubject(found.data?.name);
  return html`<${Loaded} of=${found}>
    ${(/** @type {any} */ data) => html`<div class="screen">
      <div class="screen-head">
        <div>
          <a class="muted row" href=${href("/functions")}><${Icon} name="arrowLeft" />${t("nav.functions")}</a>
          <div class="screen-title">
            <h1 class="mono">${data.name}</h1>
            <${EnabledBadge} disabled=${data.disabled} />
            ${data.active_version && html`<${Badge}>v${data.active_version.version}<//>`}
            <${Badge}>${languageName(data.runtime)}<//>
            <${Id} id=${data.id} />
          </div>
          <p class="subtitle">${data.description || t("function.noDescription")}</p>
        </div>
        ${actions && html`<div class="actions">${actions(data)}</div>`}
      </div>
      <nav class="tabs" aria-label=${t("function.parts")}>
        ${TABS.map(
          (one) => html`<a key=${one} href=${href(tabPath(id, one))} aria-current=${one === tab ? "page" : undefined}
            ref=${one === tab ? show : undefined}>
            ${t(`tab.${one}`)}
          </a>`,
        )}
      </nav>
      ${children(data, found)}
    </div>`}
  <//>`;
}

/** On a phone the tabs scroll. @param {HTMLElement | null} tab */
function show(tab) {
  const box = tab?.parentElement;
  if (tab && box) box.scrollLeft = tab.offsetLeft - (box.clientWidth - tab.clientWidth) / 2;
}
