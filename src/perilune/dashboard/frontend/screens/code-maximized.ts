// The editor over the whole window.

import { useLayoutEffect, useState } from "preact/hooks";

/** Whether *part* fills the window; Escape ends it, and nothing behind it can be reached. */
export function useMaximized(part: { current: HTMLElement | null }): [boolean, (isLarge: boolean) => void] {
  const [isLarge, setLarge] = useState(false);
  // At once: Escape may be pressed as soon as the editor is seen to be large.
  useLayoutEffect(() => {
    if (!isLarge || !part.current) return undefined;
    const release = isolate(part.current);
    const leave = (event: KeyboardEvent) => {
      // What is open in the editor or over it is closed first.
      if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector("dialog[open]")) setLarge(false);
    };
    addEventListener("keydown", leave);
    return () => {
      removeEventListener("keydown", leave);
      release();
    };
  }, [isLarge]);
  return [isLarge, setLarge];
}

/**
 * Make everything beside *part* unreachable, but for dialogs, the palette and messages.
 *
 * @returns takes it back
 */
function isolate(part: HTMLElement): () => void {
  const made: HTMLElement[] = [];
  const main = document.querySelector("#main");
  for (let at = part; at.parentElement && at !== main; at = at.parentElement) {
    for (const one of at.parentElement.children) {
      if (one === at || !(one instanceof HTMLElement) || one.inert || one.className === "workbench-scrim") continue;
      one.inert = true;
      made.push(one);
    }
  }
  const bar = document.querySelector("header");
  if (bar && !bar.inert) made.push(Object.assign(bar, { inert: true }));
  return () => {
    for (const one of made) one.inert = false;
  };
}
