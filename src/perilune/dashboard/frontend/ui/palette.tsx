// The command palette: everything by keyboard, from anywhere.

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { t } from "../i18n.ts";
import { LOCALES, locale, read, theme, write } from "../preferences.ts";
import { go } from "../router.ts";
import { session, signOut } from "../session.ts";
import { createStore } from "../store.ts";
import { useStore } from "../use-store.ts";
import { useId } from "./field.tsx";
import { useFunctionCommands } from "./palette-functions.ts";
import { RECENT_KEPT, rank, type Command } from "./palette-rank.ts";

const RECENT_KEY = "perilune-recent-commands";

const isOpen = createStore(false);

/** Commands of screens, by the name of their source. */
const offered = new Map<string, Command[]>();

export const openPalette = () => isOpen.set(true);

/**
 * Offer commands while a screen is shown; offering again replaces those of the same source.
 *
 * @returns takes them back
 */
export function offerCommands(source: string, commands: Command[]): () => void {
  offered.set(source, commands);
  return () => offered.delete(source);
}

addEventListener("keydown", (event) => {
  const isShortcut = (event.metaKey || event.ctrlKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k";
  if (!isShortcut || event.defaultPrevented || session.get() !== "in") return;
  event.preventDefault();
  isOpen.set(!isOpen.get());
});

/** Where the palette appears. */
export function Palette() {
  return useStore(isOpen) && <OpenPalette />;
}

function OpenPalette() {
  const dialog = useRef<HTMLDialogElement | null>(null);
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const functions = useFunctionCommands(text);
  const recent = useMemo(recentIds, []);
  const commands = useMemo(() => rank([...allCommands(), ...functions], text, recent), [functions, text]);
  const id = useId();
  // At once: what is typed right after the shortcut belongs here, and not to the page below.
  useLayoutEffect(() => {
    const opener = document.activeElement;
    dialog.current?.showModal();
    return () => {
      dialog.current?.close();
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, []);
  useEffect(() => {
    document.getElementById(`${id}-${at}`)?.scrollIntoView({ block: "nearest" });
  }, [at]);
  const run = (command: Command | undefined) => {
    if (!command) return;
    isOpen.set(false);
    remember(command.id);
    command.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key] ?? (event.ctrlKey ? { n: 1, p: -1 }[event.key] : undefined);
    if (move && commands.length) {
      event.preventDefault();
      // From where it is by then: keys may come faster than the list is drawn.
      setAt((now) => (now + move + commands.length) % commands.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      run(commands[at]);
    }
  };
  return <dialog ref={dialog} class="palette" aria-label={t("palette.title")}
    onCancel={() => isOpen.set(false)} onClose={() => isOpen.set(false)}
    onMouseDown={(event) => event.target === dialog.current && isOpen.set(false)}>
    <input class="palette-input" role="combobox" aria-expanded="true" aria-controls={`${id}-list`} ref={focusOn}
      aria-activedescendant={commands.length ? `${id}-${at}` : undefined} aria-label={t("palette.title")}
      placeholder={t("palette.placeholder")} value={text} onKeyDown={onKeyDown} autocomplete="off"
      onInput={(event) => {
        setText(event.currentTarget.value);
        setAt(0);
      }} />
    <ul class="palette-list" role="listbox" id={`${id}-list`} aria-label={t("palette.title")}>
      {commands.map(
        (one, index) => <Choice key={one.id} id={`${id}-${index}`} command={one} isRecent={recent.includes(one.id)}
          isSelected={index === at} onSelect={() => setAt(index)} onRun={() => run(one)} />,
      )}
    </ul>
    {commands.length === 0 && <p class="empty" role="status">{t("palette.empty")}</p>}
    <p class="palette-keys">
      <kbd>↑</kbd><kbd>↓</kbd> {t("palette.move")} <kbd>↵</kbd> {t("palette.choose")} <kbd>Esc</kbd> {t("palette.close")}
    </p>
  </dialog>;
}

function Choice({ id, command, isRecent, isSelected, onSelect, onRun }: {
  id: string;
  command: Command;
  isRecent: boolean;
  isSelected: boolean;
  onSelect: () => void;
  onRun: () => void;
}) {
  return <li id={id} role="option" aria-selected={isSelected} onMouseMove={() => !isSelected && onSelect()} onClick={onRun}>
    <span class="truncate">{command.label}</span>
    <span class="muted truncate">{command.detail}{isRecent && <> <span class="badge">{t("palette.recent")}</span></>}</span>
  </li>;
}

function allCommands(): Command[] {
  const links = [
    ["/overview", "nav.overview"],
    ["/functions", "nav.functions"],
    ["/functions/new", "functions.new"],
    ["/executions", "nav.executions"],
    ["/tokens", "nav.tokens"],
  ] as const;
  return [
    ...[...offered.values()].flat(),
    ...links.map(([path, key]) => ({ id: path, label: t(key), run: () => go(path) })),
    ...LOCALES.map((one) => ({
      id: `locale:${one}`,
      label: t("palette.language", { name: one === "en" ? "English" : "Português (Brasil)" }),
      ...(one === locale.get() ? { detail: t("palette.current") } : {}),
      run: () => locale.set(one),
    })),
    { id: "theme:light", label: t("frame.light"), run: () => theme.set("light") },
    { id: "theme:dark", label: t("frame.dark"), run: () => theme.set("dark") },
    { id: "theme:system", label: t("palette.systemTheme"), run: () => theme.set("system") },
    { id: "docs", label: t("palette.docs"), run: () => window.open("/docs", "_blank", "noopener") },
    { id: "sign-out", label: t("frame.signOut"), run: () => void signOut().catch(() => {}) },
  ];
}

function recentIds(): string[] {
  try {
    const kept = JSON.parse(read(RECENT_KEY) ?? "[]");
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}

function remember(id: string) {
  const kept = [id, ...recentIds().filter((one) => one !== id)].slice(0, RECENT_KEPT);
  write(RECENT_KEY, JSON.stringify(kept));
}

function focusOn(element: HTMLElement | null) {
  element?.focus();
}
