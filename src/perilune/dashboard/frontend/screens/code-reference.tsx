// The guest API beside the editor: searchable, with examples to insert.

import { useMemo, useState } from "preact/hooks";
import type { GuestApi } from "../editor/guest-api.ts";
import { t } from "../i18n.ts";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { TextField } from "../ui/field.tsx";
import { Loading } from "../ui/state.tsx";

export function Reference({ api, onInsert }: {
  api: GuestApi | null;
  onInsert: (text: string) => void;
}) {
  const [text, setText] = useState("");
  const groups = useMemo(() => (api ? groupsOf(api) : []), [api]);
  const shown = matching(groups, text.trim().toLowerCase());
  return <Card title={t("reference.title")} actions={<a href="/llms.txt" target="_blank" rel="noopener">llms.txt</a>}>
    <div class="stack">
      <TextField label={t("reference.search")} hideLabel placeholder={t("reference.search")} type="search"
        value={text} onInput={setText} />
      {!api && <Loading />}
      {api && shown.length === 0 && <p class="hint" role="status">{t("reference.nothing")}</p>}
      <div class="reference">
        {shown.map(
          (one) => <details key={one.name} open={text !== ""}>
            <summary><code>{one.name}</code> <span class="hint">{marked(one.summary)}</span></summary>
            <ul class="stack-s">
              {one.entries.map(
                (entry) => <li key={entry.full_name} class="reference-entry">
                  <code>{entry.signature}</code>
                  <p class="hint">{marked(entry.summary)}</p>
                  <Button small kind="ghost" icon="plus" label={t("reference.insert", { name: entry.full_name })}
                    onClick={() => onInsert(entry.example)} />
                </li>,
              )}
            </ul>
          </details>,
        )}
      </div>
    </div>
  </Card>;
}

type Entry = { full_name: string; signature: string; summary: string; example: string };
type Group = { name: string; summary: string; entries: Entry[] };

/** What handlers get, then what they can call. */
function groupsOf({ handler, modules }: GuestApi): Group[] {
  const objects = handler.map(({ name, summary, members }) => ({
    name,
    summary,
    entries: members.map((one) => {
      const full_name = `${name}.${one.name}`;
      return { full_name, signature: `${full_name}: ${one.type}`, summary: one.summary, example: full_name };
    }),
  }));
  return [...objects, ...modules.map(({ name, summary, functions }) => ({ name, summary, entries: functions }))];
}

function matching(groups: Group[], wanted: string) {
  if (!wanted) return groups;
  return groups
    .map((one) => ({
      ...one,
      entries: one.entries.filter((entry) => `${entry.full_name} ${entry.summary}`.toLowerCase().includes(wanted)),
    }))
    .filter((one) => one.entries.length > 0);
}

/** A text with what stands between backticks as code. */
const marked = (text: string) => text.split("`").map((part, at) => (at % 2 ? <code key={at}>{part}</code> : part));
