// Fields of forms: each has a label, and its hint and error belong to it.

import { t } from "../i18n.js";
import { html, useRef, useState } from "../lib.js";
import { Button } from "./button.js";

let made = 0;

/** An id that no other element of the page has. */
export function useId() {
  const id = useRef("");
  if (!id.current) {
    made += 1;
    id.current = `f${made}`;
  }
  return id.current;
}

/**
 * @typedef {object} FieldProps
 * @property {string} label
 * @property {string | undefined} [hint]
 * @property {string | undefined} [error]
 * @property {boolean} [hideLabel]  shown to screen readers only
 */

/**
 * @typedef {FieldProps & {
 *   value: string,
 *   onInput: (value: string) => void,
 *   type?: string,
 *   mono?: boolean,
 *   rows?: number,
 *   placeholder?: string,
 *   required?: boolean,
 *   disabled?: boolean,
 *   readOnly?: boolean,
 *   autocomplete?: string,
 *   min?: number,
 *   max?: number,
 *   maxLength?: number,
 *   list?: string,
 *   inputMode?: "numeric",
 *   onKeyDown?: (event: KeyboardEvent) => void,
 *   focus?: boolean,
 * }} TextProps
 */

/** One line of text, or several with *rows*. @param {TextProps} props */
export function TextField(props) {
  const id = useId();
  const { value, onInput, rows, mono, type = "text", focus, label, hint, error, hideLabel, ...others } = props;
  const shared = {
    ...others,
    ...described(id, hint, error),
    id,
    value,
    class: `input ${mono ? "mono" : ""}`,
    onInput: (/** @type {any} */ event) => onInput(event.currentTarget.value),
    ref: focus ? focusOnce : undefined,
    spellcheck: !mono,
  };
  return html`<${FieldFrame} id=${id} label=${label} hint=${hint} error=${error} hideLabel=${hideLabel}>
    ${rows ? html`<textarea rows=${rows} ...${shared}></textarea>` : html`<input type=${type} ...${shared} />`}
  <//>`;
}

/** A secret that can be shown. @param {TextProps} props */
export function PasswordField(props) {
  const id = useId();
  const [isShown, setShown] = useState(false);
  const { value, onInput, focus, label, hint, error, hideLabel, ...others } = props;
  return html`<${FieldFrame} id=${id} label=${label} hint=${hint} error=${error} hideLabel=${hideLabel}>
    <div class="with-button">
      <input ...${others} ...${described(id, hint, error)} id=${id} class="input mono" value=${value}
        type=${isShown ? "text" : "password"} spellcheck=${false} ref=${focus ? focusOnce : undefined}
        onInput=${(/** @type {any} */ event) => onInput(event.currentTarget.value)} />
      <${Button} onClick=${() => setShown(!isShown)} pressed=${isShown}>
        ${isShown ? t("field.hide") : t("field.show")}
      <//>
    </div>
  <//>`;
}

/**
 * @param {FieldProps & {
 *   value: string,
 *   options: readonly (readonly [value: string, label: string])[],
 *   onChange: (value: string) => void,
 *   disabled?: boolean,
 * }} props
 */
export function SelectField({ value, options, onChange, label, hint, error, hideLabel, disabled }) {
  const id = useId();
  return html`<${FieldFrame} id=${id} label=${label} hint=${hint} error=${error} hideLabel=${hideLabel}>
    <select id=${id} class="input" disabled=${disabled} ...${described(id, hint, error)} value=${value}
      onChange=${(/** @type {any} */ event) => onChange(event.currentTarget.value)}>
      ${options.map(([one, text]) => html`<option key=${one} value=${one} selected=${one === value}>${text}</option>`)}
    </select>
  <//>`;
}

/** @param {FieldProps & { checked: boolean, onChange: (checked: boolean) => void, disabled?: boolean }} props */
export function CheckField({ checked, onChange, label, hint, error, disabled }) {
  const id = useId();
  return html`<div class="check">
    <input type="checkbox" id=${id} checked=${checked} disabled=${disabled} ...${described(id, hint, error)}
      onChange=${(/** @type {any} */ event) => onChange(event.currentTarget.checked)} />
    <div>
      <label for=${id}>${label}</label>
      <${Remarks} id=${id} hint=${hint} error=${error} />
    </div>
  </div>`;
}

/**
 * A choice between a few things, shown side by side.
 *
 * @param {{
 *   label: string,
 *   value: string,
 *   options: readonly (readonly [value: string, label: string])[],
 *   onChange: (value: string) => void,
 * }} props
 */
export function Segmented({ label, value, options, onChange }) {
  return html`<div class="segmented" role="group" aria-label=${label}>
    ${options.map(
      ([one, text]) => html`<button key=${one} type="button" aria-pressed=${String(one === value)}
        onClick=${() => onChange(one)}>${text}</button>`,
    )}
  </div>`;
}

/**
 * A button that lets a file be chosen.
 *
 * @param {{ onFile: (file: File) => void, children?: any }} props
 */
export function FileButton({ onFile, children }) {
  const take = (/** @type {any} */ event) => {
    const file = event.currentTarget.files?.[0];
    event.currentTarget.value = ""; // or the same file could not be chosen again
    if (file) onFile(file);
  };
  return html`<label class="button small">${children}<input type="file" class="visually-hidden" onChange=${take} /></label>`;
}

/** @param {FieldProps & { id: string, children?: any }} props */
function FieldFrame({ id, label, hint, error, hideLabel, children }) {
  return html`<div class="field">
    <label for=${id} class=${hideLabel ? "visually-hidden" : ""}>${label}</label>
    ${children}
    <${Remarks} id=${id} hint=${hint} error=${error} />
  </div>`;
}

/** @param {{ id: string, hint?: string | undefined, error?: string | undefined }} props */
function Remarks({ id, hint, error }) {
  return html`${hint && html`<p class="hint" id="${id}-hint">${hint}</p>`}
  ${error && html`<p class="field-error" id="${id}-error" role="alert">${error}</p>`}`;
}

/**
 * @param {string} id
 * @param {string | undefined} hint
 * @param {string | undefined} error
 */
function described(id, hint, error) {
  const parts = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean);
  return {
    "aria-describedby": parts.length ? parts.join(" ") : undefined,
    "aria-invalid": error ? "true" : undefined,
  };
}

/** @param {HTMLElement | null} element */
function focusOnce(element) {
  if (element && !element.dataset.focused) {
    element.dataset.focused = "true";
    element.focus();
  }
}
