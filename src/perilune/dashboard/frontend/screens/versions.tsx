// The versions of a function: look, compare, activate, restore, delete.

import { useState } from "preact/hooks";
import type { FunctionRecord, Page, Version, VersionSummary } from "../answers.ts";
import { get, post, remove } from "../api.ts";
import { errorText } from "../errors.ts";
import { t } from "../i18n.ts";
import { useResource } from "../resource.ts";
import { go, setQuery } from "../router.ts";
import type { ScreenProps } from "../routes.ts";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { Dialog, confirm } from "../ui/dialog.tsx";
import { CheckField } from "../ui/field.tsx";
import { FunctionFrame } from "../ui/function-frame.tsx";
import { Loaded } from "../ui/state.tsx";
import { Pagination, Table, pageOf } from "../ui/table.tsx";
import { toast } from "../ui/toast.tsx";
import { restored } from "./code-version.tsx";
import { versionColumns } from "./versions-columns.tsx";

export default function Versions({ params, query }: ScreenProps) {
  const id = params["id"] ?? "";
  return <FunctionFrame id={id} tab="versions">
    {(data, found) =>
      <History data={data} page={pageOf(query)} onChanged={found.reload} />}
  </FunctionFrame>;
}

function History({ data, page, onChanged }: {
  data: FunctionRecord;
  page: { limit: number; offset: number };
  onChanged: () => void;
}) {
  const [chosen, setChosen] = useState<number[]>([]);
  const [deleting, setDeleting] = useState<VersionSummary | null>(null);
  const list = useResource(
    (signal) => get<Page<"versions", VersionSummary>>(`/api/functions/${data.id}/versions`, { query: { ...page, fields: "summary" }, signal }),
    [data.id, page.limit, page.offset],
  );
  const choose = (version: number) =>
    // Two can be compared: the oldest tick makes room for a third.
    setChosen(chosen.includes(version) ? chosen.filter((one) => one !== version) : [...chosen, version].slice(-2));
  const changed = async () => {
    onChanged();
    await list.reload();
  };
  const activate = async (one: Version) => (await activated(data.id, one)) && changed();
  const restore = async (one: Version) => {
    // The list has no code.
    const whole = await get<Version>(`/api/functions/${data.id}/versions/${one.version}`).catch((problem) => {
      toast("bad", errorText(problem));
    });
    if (whole && (await restored(data.id, whole))) await changed();
  };
  const erase = async (one: Version, keepsExecutions: boolean) => {
    setDeleting(null);
    setChosen(chosen.filter((version) => version !== one.version));
    if (!(await erased(data.id, one, keepsExecutions))) return;
    await changed();
    const isPageEmpty = list.data?.versions.length === 1;
    if (isPageEmpty && page.offset > 0) setQuery({ offset: Math.max(0, page.offset - page.limit) });
  };
  const [first = 0, second = 0] = [...chosen].sort((a, b) => a - b);
  const compare = <Button kind="primary" disabled={chosen.length !== 2}
    onClick={() => go(`/functions/${data.id}/diff/${first}/${second}`)}>
    {chosen.length === 2 ? t("versions.compare", { first, second }) : t("versions.choose")}
  </Button>;
  const actions = { choose, activate, restore, erase: setDeleting };
  const columns = versionColumns({ functionId: data.id, active: data.active_version?.version, chosen, actions });
  return <><Card title={t("versions.title")} flush foot={compare}
      subtitle={list.data && t("versions.count", { count: list.data.pagination.total })}>
      <Loaded of={list}>
        {({ versions, pagination }) => <>
          <Table caption={t("versions.title")} rows={versions} rowKey={(one) => one.id} columns={columns} />
          <Pagination pagination={pagination} onChange={setQuery} />
        </>}
      </Loaded>
    </Card>
    {deleting &&
    <Deletion version={deleting} onClose={() => setDeleting(null)}
      onDelete={(keepsExecutions) => erase(deleting, keepsExecutions)} />}</>;
}

/** Ask, then make *one* the active version; whether it is. */
async function activated(functionId: string, one: Version) {
  const question = {
    title: t("versions.activate", { version: one.version }),
    text: t("versions.activateText"),
    confirm: t("versions.activateButton"),
  };
  if (!(await confirm(question))) return false;
  return isDone(
    post(`/api/functions/${functionId}/versions/${one.id}/activate`),
    t("versions.activated", { version: one.version }),
  );
}

/** Delete a version; whether it is gone. */
function erased(functionId: string, one: Version, keepsExecutions: boolean) {
  return isDone(
    remove(`/api/functions/${functionId}/versions/${one.id}${keepsExecutions ? "?keep_executions=true" : ""}`),
    t("versions.deleted", { version: one.version }),
  );
}

/** Say *success* when *request* succeeds, and otherwise what is wrong; whether it has. */
async function isDone(request: Promise<unknown>, success: string) {
  try {
    await request;
    toast("good", success);
    return true;
  } catch (problem) {
    toast("bad", errorText(problem));
    return false;
  }
}

function Deletion({ version, onClose, onDelete }: {
  version: Version;
  onClose: () => void;
  onDelete: (keepsExecutions: boolean) => void;
}) {
  const [keepsExecutions, setKeeping] = useState(false);
  const foot = <><Button onClick={onClose}>{t("dialog.cancel")}</Button>
    <Button kind="danger" onClick={() => onDelete(keepsExecutions)}>{t("versions.deleteButton")}</Button></>;
  return <Dialog title={t("versions.delete", { version: version.version })} onClose={onClose} foot={foot}>
    <div class="stack">
      <p>{keepsExecutions ? t("versions.deleteKeeping") : t("versions.deleteText")}</p>
      <CheckField label={t("versions.keepExecutions")} checked={keepsExecutions} onChange={setKeeping} />
    </div>
  </Dialog>;
}
