// Fields of forms: each has a label, and its hint and error belong to it.

import type { ComponentChildren, TargetedEvent } from "preact";
import { useRef, useState } from "preact/hooks";
import { t } from "../i18n.ts";
import { Button } from "./button.tsx";

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

/** One of several things to choose. */
export type Option<T extends string = string> = readonly [value: T, label: string];

interface FieldProps {
  label: string;
  hint?: string | undefined;
  error?: string | undefined;
  hideLabel?: boolean | undefined; // shown to screen readers only
}

type TextProps = FieldProps & {
  value: string;
  onInput: (value: string) => void;
  type?: "text" | "search" | "date";
  mono?: boolean;
  rows?: number;
  placeholder?: string;
  required?: boolean;
  disabled?: boolean;
  readOnly?: boolean;
  autocomplete?: string;
  min?: number;
  max?: number;
  maxLength?: number;
  list?: string;
  inputMode?: "numeric";
  onKeyDown?: (event: KeyboardEvent) => void;
  focus?: boolean;
};

/** One line of text, or several with *rows*. */
export function TextField(props: TextProps) {
  const id = useId();
  const { value, onInput, rows, mono, type = "text", focus, label, hint, error, hideLabel, ...others } = props;
  const shared = {
    ...others,
    ...described(id, hint, error),
    id,
    value,
    class: `input ${mono ? "mono" : ""}`,
    onInput: (event: { currentTarget: { value: string } }) => onInput(event.currentTarget.value),
    ref: focus ? focusOnce : null,
    spellcheck: !mono,
  };
  return <FieldFrame id={id} label={label} hint={hint} error={error} hideLabel={hideLabel}>
    {rows ? <textarea rows={rows} {...shared}></textarea> : <input type={type} {...shared} />}
  </FieldFrame>;
}

/** A secret that can be shown. */
export function PasswordField(props: Omit<TextProps, "list">) {
  const id = useId();
  const [isShown, setShown] = useState(false);
  const { value, onInput, focus, label, hint, error, hideLabel, ...others } = props;
  return <FieldFrame id={id} label={label} hint={hint} error={error} hideLabel={hideLabel}>
    <div class="with-button">
      <input {...others} {...described(id, hint, error)} id={id} class="input mono" value={value}
        type={(isShown ? "text" : "password") as "text"} spellcheck={false} ref={focus ? focusOnce : null}
        onInput={(event) => onInput(event.currentTarget.value)} />
      <Button onClick={() => setShown(!isShown)} pressed={isShown}>
        {isShown ? t("field.hide") : t("field.show")}
      </Button>
    </div>
  </FieldFrame>;
}

export function SelectField<T extends string>(props: FieldProps & {
  value: T;
  options: readonly Option<T>[];
  onChange: (value: T) => void;
  disabled?: boolean;
}) {
  const { value, options, onChange, label, hint, error, hideLabel, disabled } = props;
  const id = useId();
  return <FieldFrame id={id} label={label} hint={hint} error={error} hideLabel={hideLabel}>
    <select id={id} class="input" disabled={disabled} {...described(id, hint, error)} value={value}
      onChange={(event) => onChange(event.currentTarget.value as T)}>
      {options.map(([one, text]) => <option key={one} value={one} selected={one === value}>{text}</option>)}
    </select>
  </FieldFrame>;
}

export function CheckField({ checked, onChange, label, hint, error, disabled }: FieldProps & {
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
}) {
  const id = useId();
  return <div class="check">
    <input type="checkbox" id={id} checked={checked} disabled={disabled} {...described(id, hint, error)}
      onChange={(event) => onChange(event.currentTarget.checked)} />
    <div>
      <label for={id}>{label}</label>
      <Remarks id={id} hint={hint} error={error} />
    </div>
  </div>;
}

/** A choice between a few things, shown side by side. */
export function Segmented<T extends string>({ label, value, options, onChange }: {
  label: string;
  value: T;
  options: readonly Option<T>[];
  onChange: (value: T) => void;
}) {
  return <div class="segmented" role="group" aria-label={label}>
    {options.map(
      ([one, text]) => <button key={one} type="button" aria-pressed={one === value}
        onClick={() => onChange(one)}>{text}</button>,
    )}
  </div>;
}

/** A button that lets a file be chosen. */
export function FileButton({ onFile, children }: { onFile: (file: File) => void; children?: ComponentChildren }) {
  const take = (event: TargetedEvent<HTMLInputElement>) => {
    const file = event.currentTarget.files?.[0];
    event.currentTarget.value = ""; // or the same file could not be chosen again
    if (file) onFile(file);
  };
  return <label class="button small">{children}<input type="file" class="visually-hidden" onChange={take} /></label>;
}

function FieldFrame({ id, label, hint, error, hideLabel, children }: FieldProps & { id: string; children?: ComponentChildren }) {
  return <div class="field">
    <label for={id} class={hideLabel ? "visually-hidden" : ""}>{label}</label>
    {children}
    <Remarks id={id} hint={hint} error={error} />
  </div>;
}

function Remarks({ id, hint, error }: { id: string; hint?: string | undefined; error?: string | undefined }) {
  return <>{hint && <p class="hint" id={`${id}-hint`}>{hint}</p>}
  {error && <p class="field-error" id={`${id}-error`} role="alert">{error}</p>}</>;
}

function described(id: string, hint: string | undefined, error: string | undefined) {
  const parts = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean);
  return {
    "aria-describedby": parts.length ? parts.join(" ") : undefined,
    "aria-invalid": error ? true : undefined,
  };
}

function focusOnce(element: HTMLElement | null) {
  if (element && !element.dataset.focused) {
    element.dataset.focused = "true";
    element.focus();
  }
}
