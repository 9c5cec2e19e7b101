// The executions of all functions.

import { t } from "../i18n.ts";
import type { ScreenProps } from "../routes.ts";
import { ExecutionList } from "./execution-list.tsx";

export default function AllExecutions({ query }: ScreenProps) {
  return <div class="screen">
    <div><h1>{t("executions.all")}</h1><p class="subtitle">{t("executions.allText")}</p></div>
    <ExecutionList query={query} />
  </div>;
}
