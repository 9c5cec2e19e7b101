// Which cards of the settings were changed and not saved.

import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../i18n.ts";
import { useAction } from "../resource.ts";
import { guardLeaving } from "../router.ts";
import { createStore } from "../store.ts";
import { Button } from "../ui/button.tsx";
import { confirm } from "../ui/dialog.tsx";
import { useStore } from "../use-store.ts";

/** How to save each card that was changed, by its id. */
export const unsaved = createStore<ReadonlyMap<string, () => Promise<void>>>(new Map());

/** What was typed into each card and not saved; forgotten when somebody leaves it behind on purpose. */
export const typed = new Map<string, unknown>();

/** Say whether a card was changed, and how it is saved. */
export function useUnsaved(id: string, isChanged: boolean, save: () => Promise<void>) {
  const latest = useRef(save);
  latest.current = save;
  // At once: the keys that save may come right after those that change.
  useLayoutEffect(() => {
    if (!isChanged) return undefined;
    unsaved.set(new Map([...unsaved.get(), [id, () => latest.current()]]));
    return () => unsaved.set(new Map([...unsaved.get()].filter(([one]) => one !== id)));
  }, [id, isChanged]);
}

/** What was changed and not saved: all of it at once, and a question before it is left. */
export function SaveAll() {
  const cards = useStore(unsaved);
  const isAny = cards.size > 0;
  const [isBusy, save] = useAction(async () => {
    for (const one of [...unsaved.get().values()]) await one();
  });
  // At once, as the keys and the question are expected as soon as something was changed.
  useLayoutEffect(() => {
    if (!isAny) return undefined;
    guardLeaving(async () => {
      const isLeft = await confirm({ title: t("code.leave"), text: t("settings.leaveText"), confirm: t("code.leave"), danger: true });
      if (isLeft) typed.clear();
      return isLeft;
    });
    return () => guardLeaving(null);
  }, [isAny]);
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key !== "s" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
      event.preventDefault();
      void save();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
  if (cards.size < 2 && !isBusy) return null;
  return <div class="save-all" role="status">
    <span class="grow">{t("settings.unsaved", { count: cards.size })}</span>
    <Button kind="primary" busy={isBusy} onClick={() => save()}>{t("settings.saveAll")}</Button>
  </div>;
}
