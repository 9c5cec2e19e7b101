// What can be done with several functions at once.

import { put, remove } from "../api.js";
import { errorText } from "../errors.js";
import { t } from "../i18n.js";
import { html } from "../lib.js";
import { useAction } from "../resource.js";
import { Button } from "../ui/button.js";
import { confirm } from "../ui/dialog.js";
import { toast } from "../ui/toast.js";

/** @param {{ functions: any[], onDone: () => void }} props  *functions* are those that were chosen */
export function BulkActions({ functions, onDone }) {
  const [isBusy, act] = useAction(async (/** @type {(one: any) => Promise<unknown>} */ change) => {
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
  const set = (/** @type {boolean} */ disabled) => () =>
    act((/** @type {any} */ one) => put(`/api/functions/${one.id}`, { disabled }));
  const erase = async () => {
    const count = functions.length;
    const question = {
      title: t("functions.deleteAll", { count }),
      text: `${functions.map((one) => one.name).join(", ")}. ${t("settings.deleteText")}`,
      confirm: t("settings.deleteButton"),
      danger: true,
      typed: String(count),
    };
    if (await confirm(question)) await act((/** @type {any} */ one) => remove(`/api/functions/${one.id}`));
  };
  return html`<div class="filters" role="group" aria-label=${t("functions.chosen", { count: functions.length })}>
    <strong class="grow">${t("functions.chosen", { count: functions.length })}</strong>
    <${Button} small busy=${isBusy} icon="play" onClick=${set(false)}>${t("functions.enable")}<//>
    <${Button} small busy=${isBusy} icon="pause" onClick=${set(true)}>${t("functions.disable")}<//>
    <${Button} small kind="danger" busy=${isBusy} icon="trash" onClick=${erase}>${t("settings.deleteButton")}<//>
  </div>`;
}
