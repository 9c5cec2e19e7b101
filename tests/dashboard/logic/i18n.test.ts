// Texts are there in every language, with the same places for what is filled in.

import "./browser.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { hasText, t, type TextKey } from "#dashboard/i18n.ts";
import en from "#dashboard/locales/en.ts";
import ptBR from "#dashboard/locales/pt-BR.ts";
import { LOCALES, locale } from "#dashboard/preferences.ts";

type Texts = Record<string, string | { one: string; other: string }>;
const LANGUAGES: Record<string, Texts> = { en, "pt-BR": ptBR };

const forms = (text: Texts[string]) => (typeof text === "string" ? [text] : [text.one, text.other]);
const places = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((one) => one[1]).sort();

test("languages have the same keys and plurals", () => {
  const shape = (texts: Texts) => Object.entries(texts).map(([key, text]) => `${key} ${typeof text}`).sort();

  assert.deepEqual(Object.keys(LANGUAGES), LOCALES);
  assert.deepEqual(shape(ptBR), shape(en));
});

test("translations fill in the same", () => {
  const used = (text: Texts[string] | undefined) => [...new Set(forms(text ?? "").flatMap(places))].sort();

  for (const [key, text] of Object.entries(en)) assert.deepEqual(used((ptBR as Texts)[key]), used(text), key);
});

test("no text is empty", () => {
  for (const texts of Object.values(LANGUAGES)) {
    assert.deepEqual(Object.entries(texts).filter(([, text]) => forms(text).some((one) => !one.trim())), []);
  }
});

test("texts with a number have a singular and a plural, and write it as the language does", () => {
  const told = LOCALES.map((one) => {
    locale.set(one);
    return [1, 2000].map((count) => t("functions.count", { count }));
  });

  assert.deepEqual(told, [["1 function", "2,000 functions"], ["1 função", "2.000 funções"]]);
});

test("what is filled in is taken as it is", () => {
  locale.set("en");

  assert.equal(t("create.done", { name: "$& {{name}}" }), "$& {{name}} is created");
  assert.equal(t("create.done"), "{{name}} is created");
});

test("a key without a text is shown, and said in the console", (context) => {
  const said = context.mock.method(console, "error", () => {});

  assert.equal(t("no.such" as TextKey), "no.such");
  assert.equal(said.mock.callCount(), 1);
  assert.deepEqual(["error.function_not_found", "toString", "no.such"].map(hasText), [true, false, false]);
});
