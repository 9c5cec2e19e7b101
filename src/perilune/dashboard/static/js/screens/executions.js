// The executions of one function.

import { t } from "../i18n.js";
import { html } from "../lib.js";
import { href } from "../router.js";
import { LinkButton } from "../ui/button.js";
import { FunctionFrame, tabPath } from "../ui/function-frame.js";
import { Empty } from "../ui/state.js";
import { ExecutionList } from "./execution-list.js";

/** @param {import("../routes.js").ScreenProps} props */
export default function Executions({ params, query }) {
  const id = params["id"] ?? "";
  const empty = html`<${Empty} title=${t("executions.none")} text=${t("executions.noneText")}>
    <${LinkButton} icon="play" href=${href(tabPath(id, "test"))}>${t("tab.test")}<//>
  <//>`;
  return html`<${FunctionFrame} id=${id} tab="executions">
    ${() => html`<${ExecutionList} functionId=${id} query=${query} empty=${empty} />`}
  <//>`;
}
