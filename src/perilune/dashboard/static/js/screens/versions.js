// The versions of a function: look, compare, activate, restore, delete.

import { get, post, remove } from "../api.js";
import { errorText } from "../errors.js";
import { t } from "../i18n.js";
import { html, useState } from "../lib.js";
import { useResource } from "../resource.js";
import { go, setQuery } from "../router.js";
import { Button } from "../ui/button.js";
import { Card } from "../ui/card.js";
import { Dialog, confirm } from "../ui/dialog.js";
import { CheckField } from "../ui/field.js";
import { FunctionFrame } from "../ui/function-frame.js";
import { Loaded } from "../ui/state.js";
import { Pagination, Table, pageOf } from "../ui/table.js";
import { toast } from "../ui/toast.js";
import { restored } from "./code-version.js";
import { versionColumns } from "./versions-columns.js";

/** @param {import("../routes.js").ScreenProps} props */
export default function Versions({ params, query }) {
  const id = params["id"] ?? "";
  return html`<${FunctionFrame} id=${id} tab="versions">
    ${(/** @type {any} */ data, /** @type {any} */ found) =>
      html`<${History} data=${data} page=${pageOf(query)} onChanged=${found.reload} />`}
  <//>`;
}

/** @param {{ data: any, page: { limit: number, offset: number }, onChanged: () => void }} props */
function History({ data, page, onChanged }) {
  const [chosen, setChosen] = useState(/** @type {number[]} */ ([]));
  const [deleting, setDeleting] = useState(/** @type {any} */ (null));
  const list = useResource(
    (signal) => get(`/api/functions/${data.id}/versions`, { query: { ...page, fields: "summary" }, signal }),
    [data.id, page.limit, page.offset],
  );
  const choose = (/** @type {number} */ version) =>
    // Two can be compared: the oldest tick makes room for a third.
    setChosen(chosen.includes(version) ? chosen.filter((one) => one !== version) : [...chosen, version].slice(-2));
  const changed = async () => {
    onChanged();
    await list.reload();
  };
  const activate = async (/** @type {any} */ one) => {
    const question = {
      title: t("versions.activate", { version: one.version }),
      text: t("versions.activateText"),
      confirm: t("versions.activateButton"),
    };
    if (!(await confirm(question))) return;
    try {
      await post(`/api/functions/${data.id}/versions/${one.id}/activate`);
      toast("good", t("versions.activated", { version: one.version }));
      await changed();
    } catch (problem) {
      toast("bad", errorText(problem));
    }
  };
  const restore = async (/** @type {any} */ one) => {
    // The list has no code.
    const whole = await get(`/api/functions/${data.id}/versions/${one.version}`).catch((problem) => {
      toast("bad", errorText(problem));
    });
    if (whole && (await restored(data.id, whole))) await changed();
  };
  const erase = async (/** @type {any} */ one, /** @type {boolean} */ keepsExecutions) => {
    setDeleting(null);
    setChosen(chosen.filter((version) => version !== one.version));
    try {
      await remove(`/api/functions/${data.id}/versions/${one.id}${keepsExecutions ? "?keep_executions=true" : ""}`);
      toast("good", t("versions.deleted", { version: one.version }));
      await changed();
      const isPageEmpty = list.data?.versions.length === 1;
      if (isPageEmpty && page.offset > 0) setQuery({ offset: Math.max(0, page.offset - page.limit) });
    } catch (problem) {
      toast("bad", errorText(problem));
    }
  };
  const [first = 0, second = 0] = [...chosen].sort((a, b) => a - b);
  const compare = html`<${Button} kind="primary" disabled=${chosen.length !== 2}
    onClick=${() => go(`/functions/${data.id}/diff/${first}/${second}`)}>
    ${chosen.length === 2 ? t("versions.compare", { first, second }) : t("versions.choose")}
  <//>`;
  const columns = versionColumns({
    functionId: data.id,
    active: data.active_version?.version,
    chosen,
    actions: { choose, activate, restore, erase: setDeleting },
  });
  return html`<${Card} title=${t("versions.title")} flush foot=${compare}
      subtitle=${list.data && t("versions.count", { count: list.data.pagination.total })}>
      <${Loaded} of=${list}>
        ${(/** @type {any} */ { versions, pagination }) => html`
          <${Table} caption=${t("versions.title")} rows=${versions} rowKey=${(/** @type {any} */ one) => one.id} columns=${columns} />
          <${Pagination} pagination=${pagination} onChange=${setQuery} />
        `}
      <//>
    <//>
    ${deleting &&
    html`<${Deletion} version=${deleting} onClose=${() => setDeleting(null)}
      onDelete=${(/** @type {boolean} */ keepsExecutions) => erase(deleting, keepsExecutions)} />`}`;
}

/** @param {{ version: any, onClose: () => void, onDelete: (keepsExecutions: boolean) => void }} props */
function Deletion({ version, onClose, onDelete }) {
  const [keepsExecutions, setKeeping] = useState(false);
  const foot = html`<${Button} onClick=${onClose}>${t("dialog.cancel")}<//>
    <${Button} kind="danger" onClick=${() => onDelete(keepsExecutions)}>${t("versions.deleteButton")}<//>`;
  return html`<${Dialog} title=${t("versions.delete", { version: version.version })} onClose=${onClose} foot=${foot}>
    <div class="stack">
      <p>${keepsExecutions ? t("versions.deleteKeeping") : t("versions.deleteText")}</p>
      <${CheckField} label=${t("versions.keepExecutions")} checked=${keepsExecutions} onChange=${setKeeping} />
    </div>
  <//>`;
}
