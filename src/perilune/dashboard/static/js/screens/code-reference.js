// The guest API beside the editor: searchable, with examples to insert.

import { t } from "../i18n.js";
import { html, useState } from "../lib.js";
import { Button } from "../ui/button.js";
import { Card } from "../ui/card.js";
import { TextField } from "../ui/field.js";
import { Loading } from "../ui/state.js";

/**
 * @param {{
 *   modules: import("../editor/guest-api.js").GuestModule[] | null,
 *   onInsert: (text: string) => void,
 * }} props
 */
export function Reference({ modules, onInsert }) {
  const [text, setText] = useState("");
  const shown = modules ? matching(modules, text.trim().toLowerCase()) : [];
  return html`<${Card} title=${t("reference.title")} actions=${html`<a href="/llms.txt" target="_blank" rel="noopener">llms.txt</a>`}>
    <div class="stack">
      <${TextField} label=${t("reference.search")} hideLabel placeholder=${t("reference.search")} type="search"
        value=${text} onInput=${setText} />
      ${!modules && html`<${Loading} />`}
      <div class="reference">
        ${shown.map(
          (one) => html`<details key=${one.name} open=${text !== ""}>
            <summary><code>${one.name}</code> <span class="hint">${marked(one.summary)}</span></summary>
            <ul class="stack-s">
              ${one.functions.map(
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

/**
 * @param {import("../editor/guest-api.js").GuestModule[]} modules
 * @param {string} wanted
 */
function matching(modules, wanted) {
  if (!wanted) return modules;
  return modules
    .map((one) => ({
      ...one,
      functions: one.functions.filter((entry) => `${entry.full_name} ${entry.summary}`.toLowerCase().includes(wanted)),
    }))
    .filter((one) => one.functions.length > 0);
}

/** A text with what stands between backticks as code. @param {string} text */
const marked = (text) => text.split("`").map((part, at) => (at % 2 ? html`<code key=${at}>${part}</code>` : part));
