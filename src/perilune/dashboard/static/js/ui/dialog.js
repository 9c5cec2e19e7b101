// Dialogs.  The browser's own element keeps the focus inside.

import { t } from "../i18n.js";
import { html, useEffect, useRef, useState } from "../lib.js";
import { createStore, useStore } from "../store.js";
import { Button } from "./button.js";
import { TextField, useId } from "./field.js";

/**
 * @param {{
 *   title: string,
 *   onClose: () => void,
 *   children?: any,
 *   foot?: any,
 *   large?: boolean,
 * }} props
 */
export function Dialog({ title, onClose, children, foot, large = false }) {
  const element = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const id = useId();
  useEffect(() => {
    const dialog = element.current;
    const opener = document.activeElement;
    dialog?.showModal();
    // The browser begins with the first button; a field that wants the focus goes before it.
    /** @type {HTMLElement | null | undefined} */ (dialog?.querySelector("[data-focused]"))?.focus();
    return () => {
      dialog?.close();
      // The browser does this as long as the dialog is on the page, and it may be gone by now.
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, []);
  return html`<dialog ref=${element} class=${large ? "large" : ""} aria-labelledby=${id}
    onCancel=${(/** @type {Event} */ event) => {
      event.preventDefault();
      onClose();
    }}
    onMouseDown=${(/** @type {MouseEvent} */ event) => {
      if (event.target === element.current) onClose();
    }}>
    <div class="card-head">
      <h2 class="grow" id=${id}>${title}</h2>
      <${Button} kind="ghost" small icon="x" label=${t("dialog.close")} onClick=${onClose} />
    </div>
    <div class="card-body">${children}</div>
    ${foot && html`<div class="card-foot">${foot}</div>`}
  </dialog>`;
}

/**
 * @typedef {object} Question
 * @property {string} title
 * @property {string} text
 * @property {string} confirm  the text of the button
 * @property {boolean} [danger]
 * @property {string} [typed]  what has to be typed before
 */

/** @type {import("../store.js").Store<(Question & { answer: (yes: boolean) => void }) | null>} */
const asked = createStore(/** @type {any} */ (null));

/**
 * Ask and wait for the answer.
 *
 * @param {Question} question
 * @returns {Promise<boolean>}
 */
export function confirm(question) {
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
  return question && html`<${Confirmation} key=${question.title} ...${question} />`;
}

/** @param {Question & { answer: (yes: boolean) => void }} props */
function Confirmation({ title, text, confirm: yes, danger = false, typed, answer }) {
  const [given, setGiven] = useState("");
  const isReady = typed === undefined || given === typed;
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (isReady) answer(true);
  };
  const foot = html`<${Button} onClick=${() => answer(false)}>${t("dialog.cancel")}<//>
    <${Button} kind=${danger ? "danger" : "primary"} disabled=${!isReady} onClick=${() => answer(true)}>${yes}<//>`;
  return html`<${Dialog} title=${title} onClose=${() => answer(false)} foot=${foot}>
    <form class="stack" onSubmit=${submit}>
      <p>${text}</p>
      ${typed !== undefined &&
      html`<${TextField} label=${t("dialog.type", { text: typed })} value=${given} onInput=${setGiven} mono focus />`}
    </form>
  <//>`;
}
