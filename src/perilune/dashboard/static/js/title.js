// The title of the page: what is shown, on which screen.

import { t } from "./i18n.js";
import { useEffect } from "./lib.js";
import { createStore, useStore } from "./store.js";

/** The name of what is shown, such as a function; empty for screens of many things. */
const subject = createStore("");

/** @param {string | undefined} name  undefined as long as it is not known */
export function useSubject(name) {
  useEffect(() => {
    subject.set(name ?? "");
    return () => subject.set("");
  }, [name]);
}

/**
 * @param {import("./i18n.js").TextKey | undefined} screen
 * @param {string} language  that the text is in
 */
export function useTitle(screen, language) {
  const name = useStore(subject);
  useEffect(() => {
    document.title = [name, screen && t(screen), "Perilune"].filter(Boolean).join(" · ");
  }, [name, screen, language]);
}
