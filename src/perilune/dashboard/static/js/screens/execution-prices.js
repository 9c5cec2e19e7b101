// What language models cost: estimates beside their calls, and the prices behind them.

import { date, money, number } from "../format.js";
import { t } from "../i18n.js";
import { html, useState } from "../lib.js";
import { OLD_AFTER_S, costOf, isCurrency, keepPrices, modelKey, priceOf, prices } from "../prices.js";
import { useStore } from "../store.js";
import { Badge } from "../ui/badge.js";
import { Button } from "../ui/button.js";
import { Dialog } from "../ui/dialog.js";
import { TextField } from "../ui/field.js";

/** What one call has cost, if its price is known. @param {{ one: any }} props */
export function Cost({ one }) {
  const known = useStore(prices);
  const cost = costOf(one, known);
  const price = priceOf(one, known);
  if (cost === null || !price) return null;
  const isOld = Date.now() / 1000 - price.entered > OLD_AFTER_S;
  const entered = t(isOld ? "ai.priceOld" : "ai.priceOf", { date: date(price.entered) });
  return html`<${Badge} tone=${isOld ? "warn" : ""} title=${entered}>≈ ${money(cost, known.currency)}<//>`;
}

/**
 * The sum of the calls, and how many are not in it.
 *
 * @param {{ requests: any[] }} props
 */
export function CostSum({ requests }) {
  const known = useStore(prices);
  const costs = requests.map((one) => costOf(one, known));
  const missing = costs.filter((one) => one === null).length;
  if (missing === costs.length) return null;
  const sum = money(costs.reduce((/** @type {number} */ total, one) => total + (one ?? 0), 0), known.currency);
  return html` · ≈ ${sum}${missing > 0 && ` · ${t("ai.withoutPrice", { count: missing })}`}`;
}

/**
 * The button beside the calls, and the dialog that it opens.
 *
 * @param {{ requests: any[] }} props  whose models are offered
 */
export function PricesButton({ requests }) {
  const [isOpen, setOpen] = useState(false);
  return html`<${Button} small icon="settings" onClick=${() => setOpen(true)}>${t("ai.prices")}<//>
    ${isOpen && html`<${PricesDialog} requests=${requests} onClose=${() => setOpen(false)} />`}`;
}

/** @param {{ requests: any[], onClose: () => void }} props */
function PricesDialog({ requests, onClose }) {
  const known = prices.get();
  const models = [...new Set([...requests.map(modelKey), ...Object.keys(known.models)])];
  const [currency, setCurrency] = useState(known.currency);
  const [typed, setTyped] = useState(
    /** @type {Record<string, { input: string, output: string }>} */ (
      Object.fromEntries(models.map((one) => [one, asTyped(known.models[one])]))
    ),
  );
  const change = (/** @type {string} */ model, /** @type {object} */ values) =>
    setTyped({ ...typed, [model]: { .../** @type {any} */ (typed[model]), ...values } });
  const isRight = isCurrency(currency) && models.every((one) => isPair(typed[one]));
  const save = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!isRight) return;
    keepPrices({ currency, models: taken(models, typed, known) });
    onClose();
  };
  const foot = html`<${Button} onClick=${onClose}>${t("dialog.cancel")}<//>
    <${Button} kind="primary" disabled=${!isRight} onClick=${save}>${t("settings.save")}<//>`;
  return html`<${Dialog} title=${t("ai.prices")} onClose=${onClose} foot=${foot}>
    <form class="stack" onSubmit=${save}>
      <p class="hint">${t("ai.pricesText")}</p>
      <${TextField} label=${t("ai.currency")} value=${currency} mono maxLength=${3} autocomplete="off"
        error=${isCurrency(currency) ? undefined : t("ai.currencyHint")}
        onInput=${(/** @type {string} */ text) => setCurrency(text.trim().toUpperCase())} />
      ${models.map(
        (one) => html`<fieldset class="plain stack-s" key=${one}>
          <legend class="legend mono">${one}</legend>
          <div class="price-row">
            <${TextField} label=${t("ai.priceInput")} value=${typed[one]?.input ?? ""} error=${mistake(typed[one]?.input)}
              onInput=${(/** @type {string} */ input) => change(one, { input })} autocomplete="off" />
            <${TextField} label=${t("ai.priceOutput")} value=${typed[one]?.output ?? ""} error=${mistake(typed[one]?.output)}
              onInput=${(/** @type {string} */ output) => change(one, { output })} autocomplete="off" />
          </div>
          ${known.models[one] && html`<p class="hint">${t("ai.priceOf", { date: date(known.models[one].entered) })}</p>`}
        </fieldset>`,
      )}
      <button type="submit" hidden disabled=${!isRight}></button>
    </form>
  <//>`;
}

/** @param {import("../prices.js").Price | undefined} price */
const asTyped = (price) => (price ? { input: number(price.input), output: number(price.output) } : { input: "", output: "" });

/**
 * A number as people write it, with a point or a comma; NaN if it is none, null if there is none.
 *
 * @param {string | undefined} text
 */
function amount(text) {
  const given = (text ?? "").trim();
  if (!given) return null;
  return /^\d{1,9}([.,]\d{1,9})?$/.test(given) ? Number(given.replace(",", ".")) : Number.NaN;
}

/** @param {string | undefined} text */
const mistake = (text) => (Number.isNaN(amount(text)) ? t("ai.priceHint") : undefined);

/** Both or none. @param {{ input: string, output: string } | undefined} typed */
function isPair(typed) {
  const values = [amount(typed?.input), amount(typed?.output)];
  return values.every((one) => one === null) || values.every((one) => one !== null && !Number.isNaN(one));
}

/**
 * The prices to keep; only what was changed is of today.
 *
 * @param {string[]} models
 * @param {Record<string, { input: string, output: string }>} typed
 * @param {import("../prices.js").Prices} known
 */
function taken(models, typed, known) {
  /** @type {Record<string, import("../prices.js").Price>} */
  const found = {};
  for (const one of models) {
    const [input, output] = [amount(typed[one]?.input), amount(typed[one]?.output)];
    if (input === null || output === null) continue;
    const before = known.models[one];
    const isSame = before && before.input === input && before.output === output;
    found[one] = { input, output, entered: isSame ? before.entered : Math.floor(Date.now() / 1000) };
  }
  return found;
}
