// The cards of the settings, to go to one of them.

import { t } from "../i18n.ts";
import { useStore } from "../use-store.ts";
import { unsaved } from "./settings-unsaved.tsx";

export function SettingsNav({ cards }: { cards: readonly (readonly [id: string, title: string])[] }) {
  const changed = useStore(unsaved);
  return <nav class="card-nav" aria-label={t("settings.cards")}>
    {cards.map(
      ([id, title]) => <button key={id} type="button" class="button ghost small" onClick={() => show(id)}>
        {title}
        {changed.has(id) && <><span class="dot" aria-hidden="true"></span><span class="visually-hidden">{t("code.unsaved")}</span></>}
      </button>,
    )}
  </nav>;
}

function show(id: string) {
  const card = document.getElementById(id);
  if (!card) return;
  card.tabIndex = -1;
  card.focus({ preventScroll: true });
  card.scrollIntoView({ block: "start" });
}
