// The frame around every screen, and the screen inside it.

import { isReachable, lose } from "./api.js";
import { t } from "./i18n.js";
import { html, useEffect, useRef, useState } from "./lib.js";
import { LOCALES, isSystemDark, locale, theme } from "./preferences.js";
import { go, href, isSettled, match, place } from "./router.js";
import { HOME, ROUTES } from "./routes.js";
import { session, signOut } from "./session.js";
import { useStore } from "./store.js";
import { useTitle } from "./title.js";
import { Button } from "./ui/button.js";
import { Questions } from "./ui/dialog.js";
import { Icon, Logo } from "./ui/icon.js";
import { Palette, openPalette } from "./ui/palette.js";
import { Empty, LoadError, Loading } from "./ui/state.js";
import { Toasts, toast } from "./ui/toast.js";

/** Everything on the page. */
export function App() {
  // The language is part of every text, so all is drawn again when it changes.
  const language = useStore(locale);
  const state = useStore(session);
  const { path, query } = useStore(place);
  const found = routeOf(path);
  useEffect(() => {
    // Asked again: the place may have changed since this was drawn.
    if (place.get().path === "/" && isSettled()) go(HOME, { replace: true });
  }, [path]);
  useTitle(found?.route.title, language);
  useEffect(loadAllScreens, []);
  if (state === "unknown") return html`<${Loading} />`;
  const isSigningIn = found?.route.pattern === "/login";
  return html`<div key=${language}>
    <a class="skip-link" href="#main" onClick=${skipToMain}>${t("frame.skip")}</a>
    ${!isSigningIn && html`<${TopBar} section=${found?.route.section ?? ""} />`}
    <${Unreachable} />
    <main id="main" tabindex="-1">
      ${found
        ? html`<${Screen} key=${path} route=${found.route} params=${found.params} query=${query} />`
        : path !== "/" && html`<${NotFound} />`}
    </main>
    <${Palette} />
    <${Questions} />
    <${Toasts} />
  </div>`;
}

/** Have every screen at hand when there is nothing else to do: the network may be gone later. */
function loadAllScreens() {
  const idle = window.requestIdleCallback ?? setTimeout;
  idle(() => {
    for (const route of ROUTES) route.load().catch(() => {}); // tried again when it is shown
  });
}

/** @param {string} path */
function routeOf(path) {
  for (const route of ROUTES) {
    const params = match(route.pattern, path);
    if (params) return { route, params };
  }
  return null;
}

/** Whether there was a screen before; with the first one, keys begin at the top of the page. */
let hasShown = false;

/** @param {{ route: import("./routes.js").Route } & import("./routes.js").ScreenProps} props */
function Screen({ route, params, query }) {
  const [loaded, setLoaded] = useState(/** @type {any} */ (null));
  const [attempt, setAttempt] = useState(0);
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    let isCurrent = true;
    route.load().then(
      (module) => isCurrent && setLoaded({ view: module.default }),
      (error) => {
        if (error instanceof TypeError) lose(); // what a browser throws when it can't get a file
        if (isCurrent) setLoaded({ error });
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [route, attempt]);
  useEffect(() => {
    // Who uses a screen reader hears where they are; the first screen keeps the browser's focus.
    if (loaded?.view && hasShown && document.activeElement === document.body) {
      document.getElementById("main")?.focus({ preventScroll: true });
    }
    hasShown ||= Boolean(loaded?.view);
    scrollTo(0, 0);
  }, [loaded]);
  if (!loaded) return html`<${Loading} />`;
  if (loaded.error) {
    return html`<${LoadError} error=${loaded.error} title=${t("state.failed")}
      onRetry=${() => setAttempt(attempt + 1)} />`;
  }
  return html`<div ref=${box}><${loaded.view} params=${params} query=${query} /></div>`;
}

function NotFound() {
  return html`<${Empty} title=${t("notFound.title")} text=${t("notFound.text")}>
    <a class="button" href=${href("/")}>${t("notFound.home")}</a>
  <//>`;
}

function Unreachable() {
  return useStore(isReachable) ? null : html`<div class="banner" role="alert">${t("frame.unreachable")}</div>`;
}

/** @type {readonly (readonly [string, string, import("./i18n.js").TextKey])[]} */
const SECTIONS = [
  ["overview", "/overview", "nav.overview"],
  ["functions", "/functions", "nav.functions"],
  ["executions", "/executions", "nav.executions"],
  ["tokens", "/tokens", "nav.tokens"],
];

/** @param {{ section: string }} props */
function TopBar({ section }) {
  const leave = async () => {
    try {
      await signOut();
    } catch {
      toast("bad", t("frame.signOutFailed"));
    }
  };
  return html`<header class="topbar">
    <div class="topbar-inner">
      <a class="brand" href=${href("/")}><${Logo} />Perilune</a>
      <nav class="topnav" aria-label=${t("nav.label")}>
        ${SECTIONS.map(
          ([id, path, key]) =>
            html`<a key=${id} href=${href(path)} aria-current=${id === section ? "page" : undefined}>${t(key)}</a>`,
        )}
      </nav>
      <div class="topbar-end">
        <button class="search-button" type="button" onClick=${openPalette} aria-label=${t("frame.search")}>
          <${Icon} name="search" /><span>${t("frame.search")}</span><kbd>${shortcut()}</kbd>
        </button>
        <${LanguageButton} /><${ThemeButton} />
        <${Button} kind="ghost" onClick=${leave}>${t("frame.signOut")}<//>
      </div>
    </div>
  </header>`;
}

function LanguageButton() {
  const current = useStore(locale);
  const next = LOCALES[(LOCALES.indexOf(current) + 1) % LOCALES.length] ?? "en";
  return html`<button class="button ghost small" type="button" onClick=${() => locale.set(next)}
    aria-label=${t("frame.language", { name: languageLabel(next) })} title=${languageLabel(next)}>
    ${current === "en" ? "EN" : "PT"}
  </button>`;
}

/** @param {string} code */
export const languageLabel = (code) => (code === "en" ? "English" : "Português (Brasil)");

function ThemeButton() {
  const chosen = useStore(theme);
  const isOfSystem = useStore(isSystemDark);
  const isDark = chosen === "dark" || (chosen === "system" && isOfSystem);
  return html`<${Button} kind="ghost" icon=${isDark ? "sun" : "moon"}
    label=${isDark ? t("frame.light") : t("frame.dark")} onClick=${() => theme.set(isDark ? "light" : "dark")} />`;
}

/** @param {Event} event */
function skipToMain(event) {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

/** The keys that open the palette on this machine. */
export const shortcut = () => (/mac|iphone|ipad/i.test(navigator.platform) ? "⌘K" : "Ctrl K");
