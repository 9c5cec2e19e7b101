// What a person has chosen on this device: language and theme.

import { createStore } from "./store.ts";

const LOCALE_KEY = "lunar-locale"; // Lunar's name: a choice made there stays
const THEME_KEY = "perilune-theme";

type Locale = "en" | "pt-BR";
type Theme = "system" | "light" | "dark";

export const LOCALES: readonly Locale[] = ["en", "pt-BR"];
const THEMES: readonly Theme[] = ["system", "light", "dark"];

export const locale = createStore<Locale>(chosenLocale());
export const theme = createStore<Theme>(chosenTheme());

const darkness = matchMedia("(prefers-color-scheme: dark)");
/** Whether the system wants dark colours; some change that in the evening. */
export const isSystemDark = createStore(darkness.matches);
darkness.addEventListener("change", () => isSystemDark.set(darkness.matches));

/** Apply the choices to the page, now and whenever they change. */
export function applyPreferences() {
  const applyLocale = (value: Locale) => {
    document.documentElement.lang = value;
  };
  const applyTheme = (value: Theme) => {
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

/** What was kept under *key*; null where the browser keeps nothing. */
export function read(key: string) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/**
 * Keep *value*, if the browser lets us.
 *
 * @param value  null forgets it
 */
export function write(key: string, value: string | null) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Private windows and full disks: the choice lasts as long as the page.
  }
}

function chosenLocale(): Locale {
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

function chosenTheme(): Theme {
  return THEMES.find((one) => one === read(THEME_KEY)) ?? "system";
}
