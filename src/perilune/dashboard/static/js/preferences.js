// What a person has chosen on this device: language and theme.

import { createStore } from "./store.js";

const LOCALE_KEY = "lunar-locale"; // Lunar's name: a choice made there stays
const THEME_KEY = "perilune-theme";

/** @typedef {"en" | "pt-BR"} Locale */
/** @typedef {"system" | "light" | "dark"} Theme */

/** @type {readonly Locale[]} */
export const LOCALES = ["en", "pt-BR"];
/** @type {readonly Theme[]} */
export const THEMES = ["system", "light", "dark"];

/** @type {import("./store.js").Store<Locale>} */
export const locale = createStore(chosenLocale());
/** @type {import("./store.js").Store<Theme>} */
export const theme = createStore(chosenTheme());

const darkness = matchMedia("(prefers-color-scheme: dark)");
/** Whether the system wants dark colours; some change that in the evening. */
export const isSystemDark = createStore(darkness.matches);
darkness.addEventListener("change", () => isSystemDark.set(darkness.matches));

/** Apply the choices to the page, now and whenever they change. */
export function applyPreferences() {
  const applyLocale = (/** @type {Locale} */ value) => {
    document.documentElement.lang = value;
  };
  const applyTheme = (/** @type {Theme} */ value) => {
    if (value === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = value;
  };
  applyLocale(locale.get());
  applyTheme(theme.get());
  locale.watch((value) => {
    write(LOCALE_KEY, value);
    applyLocale(value);
  });
  theme.watch((value) => {
    write(THEME_KEY, value);
    applyTheme(value);
  });
}

/**
 * What was kept under *key*; null where the browser keeps nothing.
 *
 * @param {string} key
 */
export function read(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/**
 * Keep *value*, if the browser lets us.
 *
 * @param {string} key
 * @param {string | null} value  null forgets it
 */
export function write(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Private windows and full disks: the choice lasts as long as the page.
  }
}

/** @returns {Locale} */
function chosenLocale() {
  const stored = read(LOCALE_KEY);
  const exact = LOCALES.find((one) => one === stored);
  if (exact) return exact;
  for (const wanted of navigator.languages ?? [navigator.language]) {
    const found = LOCALES.find((one) => one.toLowerCase() === wanted.toLowerCase());
    if (found) return found;
    if (wanted.toLowerCase().startsWith("pt")) return "pt-BR";
    if (wanted.toLowerCase().startsWith("en")) return "en";
  }
  return "en";
}

/** @returns {Theme} */
function chosenTheme() {
  return THEMES.find((one) => one === read(THEME_KEY)) ?? "system";
}
