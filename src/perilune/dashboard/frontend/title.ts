// The title of the page: what is shown, on which screen.

import { useEffect } from "preact/hooks";
import { t, type TextKey } from "./i18n.ts";
import { createStore } from "./store.ts";
import { useStore } from "./use-store.ts";

/** The name of what is shown, such as a function; empty for screens of many things. */
const subject = createStore("");

/** @param name  undefined as long as it is not known */
export function useSubject(name: string | undefined) {
  useEffect(() => {
    subject.set(name ?? "");
    return () => subject.set("");
  }, [name]);
}

/** @param language  that the text is in */
export function useTitle(screen: TextKey | undefined, language: string) {
  const name = useStore(subject);
  useEffect(() => {
    document.title = [name, screen && t(screen), "Perilune"].filter(Boolean).join(" · ");
  }, [name, screen, language]);
}
