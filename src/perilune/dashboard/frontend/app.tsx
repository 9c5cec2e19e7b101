// The frame around every screen, and the screen inside it.

import { useEffect } from "preact/hooks";
import { isReachable } from "./api.ts";
import { t, type TextKey } from "./i18n.ts";
import { LOCALES, isSystemDark, locale, theme } from "./preferences.ts";
import { go, href, isSettled, match, place } from "./router.ts";
import { HOME, ROUTES, type Route, type ScreenProps } from "./routes.ts";
import { session, signOut } from "./session.ts";
import { useTitle } from "./title.ts";
import { Button } from "./ui/button.tsx";
import { Questions } from "./ui/dialog.tsx";
import { Icon, Logo } from "./ui/icon.tsx";
import { Palette, openPalette } from "./ui/palette.tsx";
import { Empty, Loading } from "./ui/state.tsx";
import { Toasts, toast } from "./ui/toast.tsx";
import { useStore } from "./use-store.ts";

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
  if (state === "unknown") return <Loading />;
  const isSigningIn = found?.route.pattern === "/login";
  return <div key={language}>
    <a class="skip-link" href="#main" onClick={skipToMain}>{t("frame.skip")}</a>
    {!isSigningIn && <TopBar section={found?.route.section ?? ""} />}
    <Unreachable />
    <main id="main" tabindex={-1}>
      {found
        ? <Screen key={path} route={found.route} params={found.params} query={query} />
        : path !== "/" && <NotFound />}
    </main>
    <Palette />
    <Questions />
    <Toasts />
  </div>;
}

function routeOf(path: string) {
  for (const route of ROUTES) {
    const params = match(route.pattern, path);
    if (params) return { route, params };
  }
  return null;
}

/** Whether there was a screen before; with the first one, keys begin at the top of the page. */
let hasShown = false;

function Screen({ route, params, query }: { route: Route } & ScreenProps) {
  useEffect(() => {
    // Who uses a screen reader hears where they are; the first screen keeps the browser's focus.
    if (hasShown && document.activeElement === document.body) {
      document.getElementById("main")?.focus({ preventScroll: true });
    }
    hasShown = true;
    scrollTo(0, 0);
  }, []);
  return <div><route.view params={params} query={query} /></div>;
}

function NotFound() {
  return <Empty isScreen title={t("notFound.title")} text={t("notFound.text")}>
    <a class="button" href={href("/")}>{t("notFound.home")}</a>
  </Empty>;
}

function Unreachable() {
  return useStore(isReachable) ? null : <div class="banner" role="alert">{t("frame.unreachable")}</div>;
}

const SECTIONS: readonly (readonly [string, string, TextKey])[] = [
  ["overview", "/overview", "nav.overview"],
  ["functions", "/functions", "nav.functions"],
  ["executions", "/executions", "nav.executions"],
  ["tokens", "/tokens", "nav.tokens"],
];

function TopBar({ section }: { section: string }) {
  const leave = async () => {
    try {
      await signOut();
    } catch {
      toast("bad", t("frame.signOutFailed"));
    }
  };
  return <header class="topbar">
    <div class="topbar-inner">
      <a class="brand" href={href("/")}><Logo />Perilune</a>
      <nav class="topnav" aria-label={t("nav.label")}>
        {SECTIONS.map(
          ([id, path, key]) =>
            <a key={id} href={href(path)} aria-current={id === section ? "page" : undefined}>{t(key)}</a>,
        )}
      </nav>
      <div class="topbar-end">
        <button class="search-button" type="button" onClick={openPalette} aria-label={t("frame.search")}>
          <Icon name="search" /><span>{t("frame.search")}</span><kbd>{shortcut()}</kbd>
        </button>
        <LanguageButton /><ThemeButton />
        <Button kind="ghost" onClick={leave}>{t("frame.signOut")}</Button>
      </div>
    </div>
  </header>;
}

function LanguageButton() {
  const current = useStore(locale);
  const next = LOCALES[(LOCALES.indexOf(current) + 1) % LOCALES.length] ?? "en";
  return <button class="button ghost small" type="button" onClick={() => locale.set(next)}
    aria-label={t("frame.language", { name: languageLabel(next) })} title={languageLabel(next)}>
    {current === "en" ? "EN" : "PT"}
  </button>;
}

const languageLabel = (code: string) => (code === "en" ? "English" : "Português (Brasil)");

function ThemeButton() {
  const chosen = useStore(theme);
  const isOfSystem = useStore(isSystemDark);
  const isDark = chosen === "dark" || (chosen === "system" && isOfSystem);
  return <Button kind="ghost" icon={isDark ? "sun" : "moon"}
    label={isDark ? t("frame.light") : t("frame.dark")} onClick={() => theme.set(isDark ? "light" : "dark")} />;
}

function skipToMain(event: Event) {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

/** The keys that open the palette on this machine. */
const shortcut = () => (/mac|iphone|ipad/i.test(navigator.platform) ? "⌘K" : "Ctrl K");
