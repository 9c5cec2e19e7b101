// What all screens of one function have in common: who it is, and the tabs.

import type { ComponentChildren } from "preact";
import type { FunctionRecord } from "../answers.ts";
import { get } from "../api.ts";
import { t } from "../i18n.ts";
import { useResource, type Resource } from "../resource.ts";
import { href } from "../router.ts";
import { useSubject } from "../title.ts";
import { Badge, CallPath, EnabledBadge, Id, languageName } from "./badge.tsx";
import { Icon } from "./icon.tsx";
import { Loaded } from "./state.tsx";

type Tab = "code" | "versions" | "executions" | "data" | "settings" | "test";

const TABS: readonly Tab[] = ["code", "versions", "executions", "data", "settings", "test"];

/**
 * The address of a tab.
 *
 * @param id  of the function
 */
export const tabPath = (id: string, tab: Tab) => (tab === "code" ? `/functions/${id}` : `/functions/${id}/${tab}`);

/** Loads the function and draws *children* with it below the tabs. */
export function FunctionFrame({ id, tab, actions, children }: {
  id: string;
  tab: Tab | "";
  actions?: (data: FunctionRecord) => ComponentChildren;
  children: (data: FunctionRecord, resource: Resource<FunctionRecord>) => ComponentChildren;
}) {
  const found = useResource((signal) => get<FunctionRecord>(`/api/functions/${id}`, { signal }), [id]);
  useSubject(found.data?.name);
  return <Loaded of={found} back={{ path: "/functions", text: t("nav.functions") }}>
    {(data) => <div class="screen">
      <div class="screen-head">
        <div>
          <a class="muted row" href={href("/functions")}><Icon name="arrowLeft" />{t("nav.functions")}</a>
          <div class="screen-title">
            <h1 class="mono">{data.name}</h1>
            <EnabledBadge disabled={data.disabled} />
            {data.active_version && <Badge>v{data.active_version.version}</Badge>}
            <Badge>{languageName(data.runtime)}</Badge>
            <Id id={data.id} />
            {data.address && <CallPath of={data} />}
          </div>
          <p class="subtitle">{data.description || t("function.noDescription")}</p>
        </div>
        {actions && <div class="actions">{actions(data)}</div>}
      </div>
      <nav class="tabs" aria-label={t("function.parts")}>
        {TABS.map(
          (one) => <a key={one} href={href(tabPath(id, one))} aria-current={one === tab ? "page" : undefined}
            ref={one === tab ? show : null}>
            {t(`tab.${one}`)}
          </a>,
        )}
      </nav>
      {children(data, found)}
    </div>}
  </Loaded>;
}

/** On a phone the tabs scroll. */
function show(tab: HTMLElement | null) {
  const box = tab?.parentElement;
  if (tab && box) box.scrollLeft = tab.offsetLeft - (box.clientWidth - tab.clientWidth) / 2;
}
