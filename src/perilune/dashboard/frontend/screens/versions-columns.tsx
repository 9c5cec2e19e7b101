// What the list of versions shows of each.

import type { VersionSummary } from "../answers.ts";
import { absoluteTime, bytes, relativeTime } from "../format.ts";
import { t } from "../i18n.ts";
import { href } from "../router.ts";
import { Badge } from "../ui/badge.tsx";
import { Button, LinkButton } from "../ui/button.tsx";
import { tabPath } from "../ui/function-frame.tsx";
import type { Column } from "../ui/table.tsx";

interface Actions {
  choose: (version: number) => void;
  activate: (one: VersionSummary) => void;
  restore: (one: VersionSummary) => void;
  erase: (one: VersionSummary) => void;
}

export function versionColumns({ functionId, active, chosen, actions }: {
  functionId: string;
  active: number | undefined;
  chosen: number[];
  actions: Actions;
}): Column<VersionSummary>[] {
  return [
    {
      id: "choose",
      title: t("versions.select"),
      hideTitle: true,
      cell: (one) => <input type="checkbox" checked={chosen.includes(one.version)}
        aria-label={t("versions.selectOne", { version: one.version })} onChange={() => actions.choose(one.version)} />,
    },
    { id: "version", title: t("functions.version"), cell: (one) => <Version functionId={functionId} one={one} /> },
    {
      id: "created",
      title: t("versions.created"),
      cell: (one) => <><span title={absoluteTime(one.created_at)}>{relativeTime(one.created_at)}</span>
        {one.created_by && <span class="hint version-by">{t("versions.by", { name: one.created_by })}</span>}</>,
    },
    { id: "size", title: t("versions.size"), end: true, cell: (one) => bytes(one.code_bytes) },
    {
      id: "executions",
      title: t("tab.executions"),
      end: true,
      cell: (one) => <Outcome functionId={functionId} one={one} />,
    },
    {
      id: "actions",
      title: t("versions.actions"),
      hideTitle: true,
      end: true,
      cell: (one) => <div class="actions">
        {!one.is_active &&
        <>{active !== undefined &&
          <LinkButton small href={href(`/functions/${functionId}/diff/${one.version}/${active}`)}>
            {t("versions.compareActive")}
          </LinkButton>}
          <Button small onClick={() => actions.activate(one)}>{t("versions.activateButton")}</Button>
          <Button small icon="undo" label={t("versions.restoreAs", { version: one.version })} onClick={() => actions.restore(one)} />
          <Button small kind="danger" icon="trash" label={t("versions.delete", { version: one.version })}
            onClick={() => actions.erase(one)} /></>}
      </div>,
    },
  ];
}

/** Its number leads to its code; below it what its author says, or how the code begins. */
function Version({ functionId, one }: { functionId: string; one: VersionSummary }) {
  return <div class="version">
    <span class="row">
      <a href={href(`/functions/${functionId}?version=${one.version}`)} title={t("versions.source", { version: one.version })}>
        <strong>v{one.version}</strong></a>
      {one.is_active && <Badge tone="good" dot>{t("versions.active")}</Badge>}
    </span>
    {one.note ? <span class="version-note" title={one.note}>{one.note}</span> : <code class="version-note hint" title={one.first_line}>{one.first_line}</code>}
  </div>;
}

/** How many executions went well and how many did not, each with the list of them. */
function Outcome({ functionId, one }: { functionId: string; one: VersionSummary }) {
  if (one.executions === 0) return "–";
  const list = `${tabPath(functionId, "executions")}?version=${one.version}`;
  const good = one.executions - one.errors;
  return <div class="version-outcome">
    {good > 0 && <a href={href(list)}>{t("versions.succeeded", { count: good })}</a>}
    {one.errors > 0 && <a class="bad" href={href(`${list}&status=error`)}>{t("versions.failed", { count: one.errors })}</a>}
  </div>;
}
