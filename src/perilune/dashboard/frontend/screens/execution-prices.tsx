// What language models cost: estimates beside their calls, and the prices behind them.

import { useState } from "preact/hooks";
import type { AiRequest } from "../answers.ts";
import { date, money, number } from "../format.ts";
import { t } from "../i18n.ts";
import {
  OLD_AFTER_S,
  costOf,
  isCurrency,
  keepPrices,
  modelKey,
  priceOf,
  prices,
  type Price,
  type Prices,
} from "../prices.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { TextField } from "../ui/field.tsx";
import { useStore } from "../use-store.ts";

/** What one call has cost, if its price is known. */
export function Cost({ one }: { one: AiRequest }) {
  const known = useStore(prices);
  const cost = costOf(one, known);
  const price = priceOf(one, known);
  if (cost === null || !price) return null;
  const isOld = Date.now() / 1000 - price.entered > OLD_AFTER_S;
  const entered = t(isOld ? "ai.priceOld" : "ai.priceOf", { date: date(price.entered) });
  return <Badge tone={isOld ? "warn" : ""} title={entered}>≈ {money(cost, known.currency)}</Badge>;
}

/** The sum of the calls, and how many are not in it. */
export function CostSum({ requests }: { requests: AiRequest[] }) {
  const known = useStore(prices);
  const costs = requests.map((one) => costOf(one, known));
  const missing = costs.filter((one) => one === null).length;
  if (missing === costs.length) return null;
  const sum = money(costs.reduce((total: number, one) => total + (one ?? 0), 0), known.currency);
  return <> · ≈ {sum}{missing > 0 && ` · ${t("ai.withoutPrice", { count: missing })}`}</>;
}

/**
 * The button beside the calls, and the dialog that it opens.
 *
 * @param props  whose models are offered
 */
export function PricesButton({ requests }: { requests: AiRequest[] }) {
  const [isOpen, setOpen] = useState(false);
  return <><Button small icon="settings" onClick={() => setOpen(true)}>{t("ai.prices")}</Button>
    {isOpen && <PricesDialog requests={requests} onClose={() => setOpen(false)} />}</>;
}

function PricesDialog({ requests, onClose }: { requests: AiRequest[]; onClose: () => void }) {
  const known = prices.get();
  const models = [...new Set([...requests.map(modelKey), ...Object.keys(known.models)])];
  const [currency, setCurrency] = useState(known.currency);
  const [typed, setTyped] = useState<Record<string, { input: string; output: string }>>(
    Object.fromEntries(models.map((one) => [one, asTyped(known.models[one])])),
  );
  const change = (model: string, values: { input?: string; output?: string }) =>
    setTyped({ ...typed, [model]: { ...(typed[model] ?? asTyped(undefined)), ...values } });
  const isRight = isCurrency(currency) && models.every((one) => isPair(typed[one]));
  const save = (event: Event) => {
    event.preventDefault();
    if (!isRight) return;
    keepPrices({ currency, models: taken(models, typed, known) });
    onClose();
  };
  const foot = <><Button onClick={onClose}>{t("dialog.cancel")}</Button>
    <Button kind="primary" disabled={!isRight} onClick={save}>{t("settings.save")}</Button></>;
  return <Dialog title={t("ai.prices")} onClose={onClose} foot={foot}>
    <form class="stack" onSubmit={save}>
      <p class="hint">{t("ai.pricesText")}</p>
      <TextField label={t("ai.currency")} value={currency} mono maxLength={3} autocomplete="off"
        error={isCurrency(currency) ? undefined : t("ai.currencyHint")}
        onInput={(text) => setCurrency(text.trim().toUpperCase())} />
      {models.map(
        (one) => <fieldset class="plain stack-s" key={one}>
          <legend class="legend mono">{one}</legend>
          <div class="price-row">
            <TextField label={t("ai.priceInput")} value={typed[one]?.input ?? ""} error={mistake(typed[one]?.input)}
              onInput={(input) => change(one, { input })} autocomplete="off" />
            <TextField label={t("ai.priceOutput")} value={typed[one]?.output ?? ""} error={mistake(typed[one]?.output)}
              onInput={(output) => change(one, { output })} autocomplete="off" />
          </div>
          {known.models[one] && <p class="hint">{t("ai.priceOf", { date: date(known.models[one].entered) })}</p>}
        </fieldset>,
      )}
      <button type="submit" hidden disabled={!isRight}></button>
    </form>
  </Dialog>;
}

const asTyped = (price: Price | undefined) => (price ? { input: number(price.input), output: number(price.output) } : { input: "", output: "" });

/** A number as people write it, with a point or a comma; NaN if it is none, null if there is none. */
function amount(text: string | undefined) {
  const given = (text ?? "").trim();
  if (!given) return null;
  return /^\d{1,9}([.,]\d{1,9})?$/.test(given) ? Number(given.replace(",", ".")) : Number.NaN;
}

const mistake = (text: string | undefined) => (Number.isNaN(amount(text)) ? t("ai.priceHint") : undefined);

/** Both or none. */
function isPair(typed: { input: string; output: string } | undefined) {
  const values = [amount(typed?.input), amount(typed?.output)];
  return values.every((one) => one === null) || values.every((one) => one !== null && !Number.isNaN(one));
}

/** The prices to keep; only what was changed is of today. */
function taken(models: string[], typed: Record<string, { input: string; output: string }>, known: Prices) {
  const found: Record<string, Price> = {};
  for (const one of models) {
    const [input, output] = [amount(typed[one]?.input), amount(typed[one]?.output)];
    if (input === null || output === null) continue;
    const before = known.models[one];
    const isSame = before && before.input === input && before.output === output;
    found[one] = { input, output, entered: isSame ? before.entered : Math.floor(Date.now() / 1000) };
  }
  return found;
}
