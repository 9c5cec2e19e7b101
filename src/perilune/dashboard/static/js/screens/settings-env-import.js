// Variables out of a .env file.

import { parseDotenv } from "../dotenv.js";
import { t } from "../i18n.js";
import { html, useState } from "../lib.js";
import { Button } from "../ui/button.js";
import { Dialog } from "../ui/dialog.js";
import { CheckField, FileButton, TextField } from "../ui/field.js";

/**
 * @param {{
 *   known: string[],
 *   onClose: () => void,
 *   onTake: (pairs: [string, string][], areSecret: boolean) => void,
 * }} props  *known* are the names that there are already
 */
export function Import({ known, onClose, onTake }) {
  const [text, setText] = useState("");
  const [areSecret, setSecret] = useState(false);
  const { pairs, problems } = parseDotenv(text);
  const replaced = pairs.filter(([key]) => known.includes(key)).length;
  const take = () => {
    onTake(pairs, areSecret);
    onClose();
  };
  const foot = html`<${Button} onClick=${onClose}>${t("dialog.cancel")}<//>
    <${Button} kind="primary" disabled=${pairs.length === 0} onClick=${take}>${t("env.take", { count: pairs.length })}<//>`;
  return html`<${Dialog} title=${t("env.import")} onClose=${onClose} foot=${foot}>
    <div class="stack">
      <div><${FileButton} onFile=${async (/** @type {File} */ file) => setText(await file.text())}>${t("env.file")}<//></div>
      <${TextField} label=${t("env.dotenv")} rows=${10} mono value=${text} onInput=${setText} focus
        hint=${replaced > 0 ? t("env.replaced", { count: replaced }) : undefined}
        error=${problems.length ? t("env.badLines", { lines: problems.join(", ") }) : undefined} />
      <${CheckField} label=${t("env.areSecret")} hint=${t("env.secretHint")} checked=${areSecret} onChange=${setSecret} />
    </div>
  <//>`;
}
