// The guest API beside the editor: searchable, with examples to insert.

import { t } from "../i18n.js";
import { html, useMemo, useState } from "../lib.js";
import { Button } from "../ui/button.js";
import { Card } from "../ui/card.js";
import { TextField } from "../ui/field.js";
import { Loading } from "../ui/state.js";

/**
 * @param {{
 *   api: import("../editor/guest-api.js").GuestApi | null,
 *   onInsert: (text: string) => void,
 * }} props
 */
export function Reference({ api, onInsert }) {
  const [text, setText] = useState("");
  const groups = useMemo(() => (api ? groupsOf(api) : []), [api]);
  const shown = matching(groups, text.trim().toLowerCase());
  return html`<${Card} title=${t("reference.title")} actions=${html`<a href="/llms.txt" target="_blank" rel="noopener">llms.txt</a>`}>
    <div class="stack">
      <${TextField} label=${t("reference.search")} hideLabel placeholder=${t("reference.search")} type="search"
        value=${text} onInput=${setText} />
      ${!api && html`<${Loading} />`}
      ${api && shown.length === 0 && html`<p class="hint" role="status">${t("reference.nothing")}</p>`}
      <div class="reference">
        ${shown.map(
          (one) => html`<details key=${one.name} open=${text !== ""}>
            <summary><code>${one.name}</code> <span class="hint">${marked(one.summary)}</span></summary>
            <ul class="stack-s">
              ${one.entries.map(
                (entry) => html`<li key=${entry.full_name} class="reference-entry">
                  <code>${entry.signature}</code>
                  <p class="hint">${marked(entry.summary)}</p>
                  <${Button} small kind="ghost" icon="plus" label=${t("reference.insert", { name: entry.full_name })}
                    onClick=${() => onInsert(entry.example)} />
                </li>`,
              )}
            </ul>
          </details>`,
        )}
      </div>
    </div>
  <//>`;
}

/** @typedef {{ full_name: string, signature: string, summary: string, example: string }} Entry */
/** @typedef {{ name: string, summary: string, entries: Entry[] }} Group */

/**
 * What handlers get, then what they can call.
 *
 * @param {import("../editor/guest-api.js").GuestApi} api
 * @returns {Group[]}
 */
function groupsOf({ handler, modules }) {
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

/**
 * @param {Group[]} groups
 * @param {string} wanted
 */
function matching(groups, wanted) {
  if (!wanted) return groups;
  return groups
    .map((one) => ({
      ...one,
      entries: one.entries.filter((entry) => `${entry.full_name} ${entry.summary}`.toLowerCase().includes(wanted)),
    }))
    .filter((one) => one.entries.length > 0);
}

/** A text with what stands between backticks as code. @param {string} text */
const marked = (text) => text.split("`").map((part, at) => (at % 2 ? html`<code key=${at}>${part}</code>` : part));
