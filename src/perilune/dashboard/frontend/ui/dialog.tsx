// Dialogs.  The browser's own element keeps the focus inside.

import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { t } from "../i18n.ts";
import { createStore } from "../store.ts";
import { useStore } from "../use-store.ts";
import { Button } from "./button.tsx";
import { TextField, useId } from "./field.tsx";

export function Dialog({ title, onClose, children, foot, large = false }: {
  title: string;
  onClose: () => void;
  children?: ComponentChildren;
  foot?: ComponentChildren;
  large?: boolean;
}) {
  const element = useRef<HTMLDialogElement | null>(null);
  const id = useId();
  // At once: keys that come next belong to the dialog, and not to the page below.
  useLayoutEffect(() => {
    const dialog = element.current;
    const opener = document.activeElement;
    dialog?.showModal();
    // The browser begins with the first button; a field that wants the focus goes before it.
    (dialog?.querySelector("[data-focused]") as HTMLElement | null | undefined)?.focus();
    return () => {
      dialog?.close();
      // The browser does this as long as the dialog is on the page, and it may be gone by now.
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, []);
  return <dialog ref={element} class={large ? "large" : ""} aria-labelledby={id}
    onCancel={(event) => {
      event.preventDefault();
      onClose();
    }}
    onMouseDown={(event) => {
      if (event.target === element.current) onClose();
    }}>
    <div class="card-head">
      <h2 class="grow" id={id}>{title}</h2>
      <Button kind="ghost" small icon="x" label={t("dialog.close")} onClick={onClose} />
    </div>
    <div class="card-body">{children}</div>
    {foot && <div class="card-foot">{foot}</div>}
  </dialog>;
}

interface Question {
  title: string;
  text: string;
  confirm: string; // the text of the button
  danger?: boolean;
  typed?: string; // what has to be typed before
}

const asked = createStore<(Question & { answer: (yes: boolean) => void }) | null>(null);

/** Ask and wait for the answer. */
export function confirm(question: Question): Promise<boolean> {
  asked.get()?.answer(false);
  return new Promise((resolve) => {
    asked.set({
      ...question,
      answer: (yes) => {
        asked.set(null);
        resolve(yes);
      },
    });
  });
}

/** Where questions appear. */
export function Questions() {
  const question = useStore(asked);
  return question && <Confirmation key={question.title} {...question} />;
}

function Confirmation(
  { title, text, confirm: yes, danger = false, typed, answer }: Question & { answer: (yes: boolean) => void },
) {
  const [given, setGiven] = useState("");
  const isReady = typed === undefined || given === typed;
  const submit = (event: Event) => {
    event.preventDefault();
    if (isReady) answer(true);
  };
  const foot = <><Button onClick={() => answer(false)}>{t("dialog.cancel")}</Button>
    <Button kind={danger ? "danger" : "primary"} disabled={!isReady} onClick={() => answer(true)}>{yes}</Button></>;
  return <Dialog title={title} onClose={() => answer(false)} foot={foot}>
    <form class="stack" onSubmit={submit}>
      <p>{text}</p>
      {typed !== undefined &&
      <TextField label={t("dialog.type", { text: typed })} value={given} onInput={setGiven} mono focus />}
    </form>
  </Dialog>;
}
