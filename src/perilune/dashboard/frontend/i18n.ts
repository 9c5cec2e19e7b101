// Texts in the person's language.

import en from "./locales/en.ts";
import ptBR from "./locales/pt-BR.ts";
import { locale } from "./preferences.ts";

export type TextKey = keyof typeof en;
type Text = string | { one: string; other: string };

const TEXTS: Record<string, Record<string, Text>> = { en, "pt-BR": ptBR };

/**
 * The text for *key*; `{{name}}` is replaced by the parameter of that name, and `count`
 * chooses between singular and plural.
 */
export function t(key: TextKey, parameters: Record<string, string | number> = {}): string {
  const language = locale.get();
  const text = TEXTS[language]?.[key] ?? en[key] ?? missing(key);
  const { count } = parameters;
  const chosen =
    typeof text === "string"
      ? text
      : text[new Intl.PluralRules(language).select(Number(count ?? 0)) === "one" ? "one" : "other"];
  return chosen.replace(/\{\{(\w+)\}\}/g, (whole, name) => {
    const value = parameters[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? value.toLocaleString(language) : value;
  });
}

/** Whether there is a text for *key*, for keys that come from the server. */
export function hasText(key: string): key is TextKey {
  return Object.hasOwn(en, key);
}

/** What is shown for a key without a text; tests fail for the message. */
function missing(key: string) {
  console.error(`there is no text for ${key}`);
  return key;
}
