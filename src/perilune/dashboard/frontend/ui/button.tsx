// Buttons, and links that look like them.

import type { ComponentChildren, TargetedMouseEvent } from "preact";
import { useState } from "preact/hooks";
import { t } from "../i18n.ts";
import { Icon, type IconName } from "./icon.tsx";
import { toast } from "./toast.tsx";

interface ButtonProps {
  children?: ComponentChildren;
  kind?: "primary" | "danger" | "ghost" | "";
  small?: boolean;
  wide?: boolean;
  busy?: boolean; // shows a spinner and does nothing
  disabled?: boolean;
  icon?: IconName;
  label?: string; // what a button without text does
  type?: "button" | "submit";
  pressed?: boolean;
  expanded?: boolean;
  onClick?: (event: TargetedMouseEvent<HTMLButtonElement>) => void;
}

export function Button(props: ButtonProps) {
  const { kind = "", type = "button", busy = false, disabled = false, icon, label, children } = props;
  return <button
    class={classes(props, kind)}
    type={type}
    disabled={disabled || busy}
    aria-busy={busy || undefined}
    aria-label={label}
    aria-pressed={props.pressed}
    aria-expanded={props.expanded}
    title={label}
    onClick={props.onClick}
  >
    {busy ? <span class="spinner" aria-hidden="true"></span> : icon && <Icon name={icon} />}
    {children}
  </button>;
}

export function LinkButton(props: ButtonProps & { href: string }) {
  const { kind = "", icon, label, children, href } = props;
  return <a class={classes(props, kind)} href={href} aria-label={label} title={label}>
    {icon && <Icon name={icon} />}{children}
  </a>;
}

/**
 * Copies *text*.
 *
 * @param props  *what* is named in the label
 */
export function CopyButton({ text, what = "" }: { text: string; what?: string }) {
  const [isDone, setDone] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setDone(true);
      setTimeout(() => setDone(false), 1500);
      toast("good", t("copy.done"));
    } catch {
      toast("bad", t("copy.failed"));
    }
  };
  const label = what ? t("copy.what", { what }) : t("copy.button");
  return <Button kind="ghost" small icon={isDone ? "check" : "copy"} label={label} onClick={copy} />;
}

function classes({ small, wide, icon, children }: ButtonProps, kind: string) {
  const isIcon = icon && !children;
  return ["button", kind, small && "small", wide && "wide", isIcon && "icon"].filter(Boolean).join(" ");
}
