// The command palette: everything by keyboard, from anywhere.

import { t } from "../i18n.js";
import { html, useEffect, useMemo, useRef, useState } from "../lib.js";
import { LOCALES, locale, read, theme, write } from "../preferences.js";
import { go } from "../router.js";
import { session, signOut } from "../session.js";
import { createStore, useStore } from "../store.js";
import { useId } from "./field.js";
import { useFunctionCommands } from "./palette-functions.js";

/**
 * @typedef {object} Command
 * @property {string} id
 * @property {string} label
 * @property {string} [detail]
 * @property {() => void} run
 */

const RECENT_KEY = "perilune-recent-commands";
const RECENT_KEPT = 8;

const isOpen = createStore(false);

/** Commands of screens, by the name of their source. @type {Map<string, Command[]>} */
const offered = new Map();

export const openPalette = () => isOpen.set(true);

/**
 * Offer commands while a screen is shown; offering again replaces those of the same source.
 *
 * @param {string} source
 * @param {Command[]} commands
 * @returns {() => void}  takes them back
 */
export function offerCommands(source, commands) {
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
  return useStore(isOpen) && html`<${OpenPalette} />`;
}

function OpenPalette() {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const functions = useFunctionCommands(text);
  const recent = useMemo(recentIds, []);
  const commands = useMemo(() => rank([...allCommands(), ...functions], text), [functions, text]);
  const id = useId();
  useEffect(() => {
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
  const run = (/** @type {Command | undefined} */ command) => {
    if (!command) return;
    isOpen.set(false);
    remember(command.id);
    command.run();
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key] ?? (event.ctrlKey ? { n: 1, p: -1 }[event.key] : undefined);
    if (move && commands.length) {
      event.preventDefault();
      // From where it is by then: keys may come faster than the list is drawn.
      setAt((/** @type {number} */ now) => (now + move + commands.length) % commands.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      run(commands[at]);
    }
  };
  return html`<dialog ref=${dialog} class="palette" aria-label=${t("palette.title")}
    onCancel=${() => isOpen.set(false)} onClose=${() => isOpen.set(false)}
    onMouseDown=${(/** @type {MouseEvent} */ event) => event.target === dialog.current && isOpen.set(false)}>
    <input class="palette-input" role="combobox" aria-expanded="true" aria-controls="${id}-list" ref=${focusOn}
      aria-activedescendant=${commands.length ? `${id}-${at}` : undefined} aria-label=${t("palette.title")}
      placeholder=${t("palette.placeholder")} value=${text} onKeyDown=${onKeyDown} autocomplete="off"
      onInput=${(/** @type {any} */ event) => {
        setText(event.currentTarget.value);
        setAt(0);
      }} />
    <ul class="palette-list" role="listbox" id="${id}-list" aria-label=${t("palette.title")}>
      ${commands.map(
        (one, index) => html`<li key=${one.id} id="${id}-${index}" role="option" aria-selected=${String(index === at)}
          onMouseMove=${() => at !== index && setAt(index)} onClick=${() => run(one)}>
          <span class="truncate">${one.label}</span>
          <span class="muted truncate">${one.detail}${recent.includes(one.id) && html` <span class="badge">${t("palette.recent")}</span>`}</span>
        </li>`,
      )}
    </ul>
    ${commands.length === 0 && html`<p class="empty" role="status">${t("palette.empty")}</p>`}
    <p class="palette-keys">
      <kbd>↑</kbd><kbd>↓</kbd> ${t("palette.move")} <kbd>↵</kbd> ${t("palette.choose")} <kbd>Esc</kbd> ${t("palette.close")}
    </p>
  </dialog>`;
}

/** @returns {Command[]} */
function allCommands() {
  const links = /** @type {const} */ ([
    ["/overview", "nav.overview"],
    ["/functions", "nav.functions"],
    ["/functions/new", "functions.new"],
    ["/executions", "nav.executions"],
    ["/tokens", "nav.tokens"],
  ]);
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

/**
 * The commands that fit *text*, best first; without text the recent ones come first.
 *
 * @param {Command[]} commands
 * @param {string} text
 */
export function rank(commands, text) {
  const wanted = text.trim().toLowerCase();
  const recent = recentIds();
  const scored = commands.map((command, order) => {
    const used = recent.indexOf(command.id);
    const bonus = used < 0 ? 0 : (RECENT_KEPT - used) / 100;
    return { command, order, score: wanted ? score(`${command.label} ${command.detail ?? ""}`, wanted) + bonus : bonus };
  });
  return scored
    .filter((one) => !wanted || one.score >= 1)
    .sort((a, b) => b.score - a.score || a.order - b.order)
    .map((one) => one.command);
}

/**
 * 0 when the letters of *wanted* are not in *label* in this order; more the closer they are.
 *
 * @param {string} label
 * @param {string} wanted  in lower case
 */
function score(label, wanted) {
  const text = label.toLowerCase();
  const found = text.indexOf(wanted);
  if (found >= 0) return 3 + (found === 0 ? 1 : /\W/.test(text[found - 1] ?? "") ? 0.5 : 0);
  let position = -1;
  let gaps = 0;
  for (const letter of wanted) {
    const next = text.indexOf(letter, position + 1);
    if (next < 0) return 0;
    gaps += position < 0 ? 0 : next - position - 1;
    position = next;
  }
  return 1 + 1 / (1 + gaps);
}

/** @returns {string[]} */
function recentIds() {
  try {
    const kept = JSON.parse(read(RECENT_KEY) ?? "[]");
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}

/** @param {string} id */
function remember(id) {
  const kept = [id, ...recentIds().filter((one) => one !== id)].slice(0, RECENT_KEPT);
  write(RECENT_KEY, JSON.stringify(kept));
}

/** @param {HTMLElement | null} element */
function focusOn(element) {
  element?.focus();
}
