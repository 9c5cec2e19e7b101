// The versions of a function: look, compare, activate, delete.

import { get, post, remove } from "../api.js";
import { Editor } from "../editor/editor.js";
import { errorText } from "../errors.js";
import { absoluteTime, relativeTime } from "../format.js";
import { t } from "../i18n.js";
import { html, useState } from "../lib.js";
import { useResource } from "../resource.js";
import { go, href, setQuery } from "../router.js";
import { Badge } from "../ui/badge.js";
import { Button, LinkButton } from "../ui/button.js";
import { Card } from "../ui/card.js";
import { Dialog, confirm } from "../ui/dialog.js";
import { FunctionFrame } from "../ui/function-frame.js";
import { Loaded } from "../ui/state.js";
import { Pagination, Table, pageOf } from "../ui/table.js";
import { toast } from "../ui/toast.js";

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
  const [shown, setShown] = useState(/** @type {any} */ (null));
  const list = useResource(
    (signal) => get(`/api/functions/${data.id}/versions`, { query: { ...page, fields: "summary" }, signal }),
    [data.id, page.limit, page.offset],
  );
  const active = data.active_version?.version;
  const choose = (/** @type {number} */ version) =>
    // Two can be compared: the oldest tick makes room for a third.
    setChosen(chosen.includes(version) ? chosen.filter((one) => one !== version) : [...chosen, version].slice(-2));
  const act = async (/** @type {() => Promise<unknown>} */ work, /** @type {string} */ done) => {
    try {
      await work();
      toast("good", done);
      onChanged();
      await list.reload();
      const left = list.data?.versions.length ?? 0;
      if (left === 1 && page.offset > 0) setQuery({ offset: Math.max(0, page.offset - page.limit) });
    } catch (problem) {
      toast("bad", errorText(problem));
    }
  };
  const activate = async (/** @type {any} */ one) => {
    const question = {
      title: t("versions.activate", { version: one.version }),
      text: t("versions.activateText"),
      confirm: t("versions.activateButton"),
    };
    if (!(await confirm(question))) return;
    await act(
      () => post(`/api/functions/${data.id}/versions/${one.id}/activate`),
      t("versions.activated", { version: one.version }),
    );
  };
  const erase = async (/** @type {any} */ one) => {
    const question = {
      title: t("versions.delete", { version: one.version }),
      text: t("versions.deleteText"),
      confirm: t("versions.deleteButton"),
      danger: true,
    };
    if (!(await confirm(question))) return;
    setChosen(chosen.filter((version) => version !== one.version));
    await act(
      () => remove(`/api/functions/${data.id}/versions/${one.id}`),
      t("versions.deleted", { version: one.version }),
    );
  };
  const [first = 0, second = 0] = [...chosen].sort((a, b) => a - b);
  const compare = html`<${Button} kind="primary" disabled=${chosen.length !== 2}
    onClick=${() => go(`/functions/${data.id}/diff/${first}/${second}`)}>
    ${chosen.length === 2 ? t("versions.compare", { first, second }) : t("versions.choose")}
  <//>`;
  return html`<${Card} title=${t("versions.title")} flush foot=${compare}
      subtitle=${list.data && t("versions.count", { count: list.data.pagination.total })}>
      <${Loaded} of=${list}>
        ${(/** @type {any} */ { versions, pagination }) => html`
          <${Table} caption=${t("versions.title")} rows=${versions} rowKey=${(/** @type {any} */ one) => one.id}
            columns=${columns({ functionId: data.id, isSigned: versions.some((/** @type {any} */ one) => one.created_by), active, chosen, choose, activate, erase, show: setShown })} />
          <${Pagination} pagination=${pagination} onChange=${setQuery} />
        `}
      <//>
    <//>
    ${shown && html`<${Source} functionId=${data.id} version=${shown.version} onClose=${() => setShown(null)} />`}`;
}

/**
 * @param {{
 *   functionId: string,
 *   isSigned: boolean,
 *   active: number | undefined,
 *   chosen: number[],
 *   choose: (version: number) => void,
 *   activate: (one: any) => void,
 *   erase: (one: any) => void,
 *   show: (one: any) => void,
 * }} given
 */
function columns({ functionId, isSigned, active, chosen, choose, activate, erase, show }) {
  return [
    {
      id: "choose",
      title: t("versions.select"),
      hideTitle: true,
      cell: (/** @type {any} */ one) => html`<input type="checkbox" checked=${chosen.includes(one.version)}
        aria-label=${t("versions.selectOne", { version: one.version })} onChange=${() => choose(one.version)} />`,
    },
    {
      id: "version",
      title: t("functions.version"),
      cell: (/** @type {any} */ one) => html`<span class="row">
        <strong>v${one.version}</strong>
        ${one.is_active && html`<${Badge} tone="good" dot>${t("versions.active")}<//>`}
      </span>`,
    },
    {
      id: "created",
      title: t("versions.created"),
      cell: (/** @type {any} */ one) =>
        html`<span title=${absoluteTime(one.created_at)}>${relativeTime(one.created_at)}</span>`,
    },
    ...(isSigned ? [{ id: "who", title: t("versions.who"), cell: (/** @type {any} */ one) => one.created_by ?? "–" }] : []),
    {
      id: "actions",
      title: t("versions.actions"),
      hideTitle: true,
      end: true,
      cell: (/** @type {any} */ one) => html`<div class="actions">
        <${Button} small icon="code" onClick=${() => show(one)}>${t("versions.view")}<//>
        ${!one.is_active &&
        html`${active !== undefined &&
          html`<${LinkButton} small href=${href(`/functions/${functionId}/diff/${one.version}/${active}`)}>
            ${t("versions.compareActive")}
          <//>`}
          <${Button} small icon="undo" onClick=${() => activate(one)}>${t("versions.activateButton")}<//>
          <${Button} small kind="danger" icon="trash" label=${t("versions.delete", { version: one.version })}
            onClick=${() => erase(one)} />`}
      </div>`,
    },
  ];
}

/** @param {{ functionId: string, version: number, onClose: () => void }} props */
function Source({ functionId, version, onClose }) {
  const found = useResource(
    (signal) => get(`/api/functions/${functionId}/versions/${version}`, { signal }),
    [functionId, version],
  );
  return html`<${Dialog} title=${t("versions.source", { version })} onClose=${onClose} large>
    <${Loaded} of=${found}>
      ${(/** @type {any} */ one) =>
        html`<${Editor} value=${one.code} runtime=${one.runtime} readOnly label=${t("versions.source", { version })} />`}
    <//>
  <//>`;
}
