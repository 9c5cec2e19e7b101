// A look at a version that is not the active one; nothing can be written there.

import { get, put } from "../api.js";
import { Editor } from "../editor/editor.js";
import { errorText } from "../errors.js";
import { absoluteTime } from "../format.js";
import { t } from "../i18n.js";
import { html } from "../lib.js";
import { useAction, useResource } from "../resource.js";
import { go, href } from "../router.js";
import { languageName } from "../ui/badge.js";
import { Button, CopyButton, LinkButton } from "../ui/button.js";
import { Card } from "../ui/card.js";
import { confirm } from "../ui/dialog.js";
import { tabPath } from "../ui/function-frame.js";
import { Loaded } from "../ui/state.js";
import { toast } from "../ui/toast.js";

/** @param {{ data: any, found: import("../resource.js").Resource<any>, number: number, line?: number | undefined }} props */
export function VersionCode({ data, found, number, line }) {
  const version = useResource(
    (signal) => get(`/api/functions/${data.id}/versions/${number}`, { signal }),
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
  const actions = html`
    ${active !== undefined && active !== number &&
    html`<${LinkButton} small href=${href(`/functions/${data.id}/diff/${number}/${active}`)}>${t("versions.compareActive")}<//>`}
    ${version.data && html`<${CopyButton} text=${version.data.code} what=${t("tab.code")} />`}
    ${active !== number &&
    html`<${Button} small icon="undo" busy=${isRestoring} onClick=${restore}>${t("versions.restore")}<//>`}
    <${LinkButton} small kind="primary" href=${href(tabPath(data.id, "code"))}>${t("code.backToEditing")}<//>
  `;
  const facts = (/** @type {any} */ one) => [absoluteTime(one.created_at), one.created_by, one.note].filter(Boolean).join(" · ");
  return html`<div class="workbench">
    <${Card} flush title=${t("versions.source", { version: number })} actions=${actions}
      subtitle=${version.data ? facts(version.data) : languageName(data.runtime)}>
      <p class="note" role="status">${t("code.readOnly")}</p>
      <${Loaded} of=${version}>
        ${(/** @type {any} */ one) =>
          html`<${Editor} key=${one.id} value=${one.code} runtime=${one.runtime} readOnly line=${line}
            label=${t("versions.source", { version: number })} />`}
      <//>
    <//>
  </div>`;
}

/**
 * Ask, then save the code of *version* as the next one.
 *
 * @param {string} id  of the function
 * @param {any} version
 * @returns {Promise<any>}  the function; null if nothing was changed
 */
export async function restored(id, version) {
  const question = {
    title: t("versions.restoreTitle", { version: version.version }),
    text: t("versions.restoreText"),
    confirm: t("versions.restore"),
  };
  if (!(await confirm(question))) return null;
  try {
    const changed = await put(`/api/functions/${id}`, {
      code: version.code,
      ...(version.runtime === "python" ? { requirements: version.requirements ?? null } : {}),
      note: t("versions.restoredNote", { version: version.version }),
    });
    toast("good", t("code.saved", { version: changed.active_version.version }));
    return changed;
  } catch (problem) {
    toast("bad", errorText(problem));
    return null;
  }
}
