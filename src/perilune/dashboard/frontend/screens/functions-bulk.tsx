// What can be done with several functions at once.

import type { FunctionRecord } from "../answers.ts";
import { put, remove } from "../api.ts";
import { errorText } from "../errors.ts";
import { t } from "../i18n.ts";
import { useAction } from "../resource.ts";
import { Button } from "../ui/button.tsx";
import { confirm } from "../ui/dialog.tsx";
import { toast } from "../ui/toast.tsx";

/** @param props  *functions* are those that were chosen */
export function BulkActions({ functions, onDone }: { functions: FunctionRecord[]; onDone: () => void }) {
  const [isBusy, act] = useAction(async (change: (one: FunctionRecord) => Promise<unknown>) => {
    let done = 0;
    try {
      for (const one of functions) {
        await change(one);
        done += 1;
      }
    } catch (problem) {
      toast("bad", errorText(problem));
    }
    if (done > 0) toast("good", t("functions.changed", { count: done }));
    onDone();
  });
  if (functions.length === 0) return null;
  const set = (disabled: boolean) => () =>
    act((one) => put(`/api/functions/${one.id}`, { disabled }));
  const erase = async () => {
    const count = functions.length;
    const question = {
      title: t("functions.deleteAll", { count }),
      text: `${functions.map((one) => one.name).join(", ")}. ${t("settings.deleteText")}`,
      confirm: t("settings.deleteButton"),
      danger: true,
      typed: String(count),
    };
    if (await confirm(question)) await act((one) => remove(`/api/functions/${one.id}`));
  };
  return <div class="filters" role="group" aria-label={t("functions.chosen", { count: functions.length })}>
    <strong class="grow">{t("functions.chosen", { count: functions.length })}</strong>
    <Button small busy={isBusy} icon="play" onClick={set(false)}>{t("functions.enable")}</Button>
    <Button small busy={isBusy} icon="pause" onClick={set(true)}>{t("functions.disable")}</Button>
    <Button small kind="danger" busy={isBusy} icon="trash" onClick={erase}>{t("settings.deleteButton")}</Button>
  </div>;
}
