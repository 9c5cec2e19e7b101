// The executions of all functions.

import { t } from "../i18n.js";
import { html } from "../lib.js";
import { ExecutionList } from "./execution-list.js";

/** @param {import("../routes.js").ScreenProps} props */
export default function AllExecutions({ query }) {
  return html`<div class="screen">
    <div><h1>${t("executions.all")}</h1><p class="subtitle">${t("executions.allText")}</p></div>
    <${ExecutionList} query=${query} />
  </div>`;
}
