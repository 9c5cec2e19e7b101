// A look at a version that is not the active one; nothing can be written there.

import type { FunctionRecord, Version } from "../answers.ts";
import { get, put } from "../api.ts";
import { Editor } from "../editor/editor.tsx";
import { errorText } from "../errors.ts";
import { absoluteTime } from "../format.ts";
import { t } from "../i18n.ts";
import { useAction, useResource, type Resource } from "../resource.ts";
import { go, href } from "../router.ts";
import { languageName } from "../ui/badge.tsx";
import { Button, CopyButton, LinkButton } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { confirm } from "../ui/dialog.tsx";
import { tabPath } from "../ui/function-frame.tsx";
import { Loaded } from "../ui/state.tsx";
import { toast } from "../ui/toast.tsx";

export function VersionCode({ data, found, number, line }: {
  data: FunctionRecord;
  found: Resource<FunctionRecord>;
  number: number;
  line?: number | undefined;
}) {
  const version = useResource(
    (signal) => get<Version>(`/api/functions/${data.id}/versions/${number}`, { signal }),
    [data.id, number],
  );
  const active = data.active_version?.version;
  const [isRestoring, restore] = useAction(async () => {
    if (!version.data) return;
    const changed = await restored(data.id, version.data);
    if (!changed) return;
    found.change(() => changed);
    go(tabPath(data.id, "code"));
  });
  const actions = <>
    {active !== undefined && active !== number &&
    <LinkButton small href={href(`/functions/${data.id}/diff/${number}/${active}`)}>{t("versions.compareActive")}</LinkButton>}
    {version.data && <CopyButton text={version.data.code} what={t("tab.code")} />}
    {active !== number &&
    <Button small icon="undo" busy={isRestoring} onClick={restore}>{t("versions.restore")}</Button>}
    <LinkButton small kind="primary" href={href(tabPath(data.id, "code"))}>{t("code.backToEditing")}</LinkButton>
  </>;
  const facts = (one: Version) => [absoluteTime(one.created_at), one.created_by, one.note].filter(Boolean).join(" · ");
  return <div class="workbench">
    <Card flush title={t("versions.source", { version: number })} actions={actions}
      subtitle={version.data ? facts(version.data) : languageName(data.runtime)}>
      <p class="note" role="status">{t("code.readOnly")}</p>
      <Loaded of={version}>
        {(one) =>
          <Editor key={one.id} value={one.code} runtime={one.runtime} readOnly line={line}
            label={t("versions.source", { version: number })} />}
      </Loaded>
    </Card>
  </div>;
}

/**
 * Ask, then save the code of *version* as the next one.
 *
 * @param id  of the function
 * @returns the function; null if nothing was changed
 */
export async function restored(id: string, version: Version): Promise<FunctionRecord | null> {
  const question = {
    title: t("versions.restoreTitle", { version: version.version }),
    text: t("versions.restoreText"),
    confirm: t("versions.restore"),
  };
  if (!(await confirm(question))) return null;
  try {
    const changed = await put<FunctionRecord>(`/api/functions/${id}`, {
      code: version.code,
      ...(version.runtime === "python" ? { requirements: version.requirements ?? null } : {}),
      note: t("versions.restoredNote", { version: version.version }),
    });
    toast("good", t("code.saved", { version: changed.active_version?.version ?? 0 }));
    return changed;
  } catch (problem) {
    toast("bad", errorText(problem));
    return null;
  }
}
