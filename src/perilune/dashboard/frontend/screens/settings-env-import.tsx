// Variables out of a .env file.

import { useState } from "preact/hooks";
import { parseDotenv } from "../dotenv.ts";
import { t } from "../i18n.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { CheckField, FileButton, TextField } from "../ui/field.tsx";

/** @param props  *known* are the names that there are already */
export function Import({ known, onClose, onTake }: {
  known: string[];
  onClose: () => void;
  onTake: (pairs: [string, string][], areSecret: boolean) => void;
}) {
  const [text, setText] = useState("");
  const [areSecret, setSecret] = useState(false);
  const { pairs, problems } = parseDotenv(text);
  const replaced = pairs.filter(([key]) => known.includes(key)).length;
  const take = () => {
    onTake(pairs, areSecret);
    onClose();
  };
  const foot = <><Button onClick={onClose}>{t("dialog.cancel")}</Button>
    <Button kind="primary" disabled={pairs.length === 0} onClick={take}>{t("env.take", { count: pairs.length })}</Button></>;
  return <Dialog title={t("env.import")} onClose={onClose} foot={foot}>
    <div class="stack">
      <div><FileButton onFile={async (file) => setText(await file.text())}>{t("env.file")}</FileButton></div>
      <TextField label={t("env.dotenv")} rows={10} mono value={text} onInput={setText} focus
        hint={replaced > 0 ? t("env.replaced", { count: replaced }) : undefined}
        error={problems.length ? t("env.badLines", { lines: problems.join(", ") }) : undefined} />
      <CheckField label={t("env.areSecret")} hint={t("env.secretHint")} checked={areSecret} onChange={setSecret} />
    </div>
  </Dialog>;
}
