// Buttons, and links that look like them.

import { t } from "../i18n.js";
import { html, useState } from "../lib.js";
import { Icon } from "./icon.js";
import { toast } from "./toast.js";

/**
 * @typedef {object} ButtonProps
 * @property {any} [children]
 * @property {"primary" | "danger" | "ghost" | ""} [kind]
 * @property {boolean} [small]
 * @property {boolean} [wide]
 * @property {boolean} [busy]  shows a spinner and does nothing
 * @property {boolean} [disabled]
 * @property {import("./icon.js").IconName} [icon]
 * @property {string} [label]  what a button without text does
 * @property {"button" | "submit"} [type]
 * @property {boolean} [pressed]
 * @property {boolean} [expanded]
 * @property {(event: MouseEvent) => void} [onClick]
 */

/** @param {ButtonProps} props */
export function Button(props) {
  const { kind = "", type = "button", busy = false, disabled = false, icon, label, children } = props;
  return html`<button
    class=${classes(props, kind)}
    type=${type}
    disabled=${disabled || busy}
    aria-busy=${busy ? "true" : undefined}
    aria-label=${label}
    aria-pressed=${props.pressed === undefined ? undefined : String(props.pressed)}
    aria-expanded=${props.expanded === undefined ? undefined : String(props.expanded)}
    title=${label}
    onClick=${props.onClick}
  >
    ${busy ? html`<span class="spinner" aria-hidden="true"></span>` : icon && html`<${Icon} name=${icon} />`}
    ${children}
  </button>`;
}

/** @param {ButtonProps & { href: string }} props */
export function LinkButton(props) {
  const { kind = "", icon, label, children, href } = props;
  return html`<a class=${classes(props, kind)} href=${href} aria-label=${label} title=${label}>
    ${icon && html`<${Icon} name=${icon} />`}${children}
  </a>`;
}

/**
 * Copies *text*.
 *
 * @param {{ text: string, what?: string }} props  *what* is named in the label
 */
export function CopyButton({ text, what = "" }) {
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
  return html`<${Button} kind="ghost" small icon=${isDone ? "check" : "copy"} label=${label} onClick=${copy} />`;
}

/**
 * @param {ButtonProps} props
 * @param {string} kind
 */
function classes({ small, wide, icon, children }, kind) {
  const isIcon = icon && !children;
  return ["button", kind, small && "small", wide && "wide", isIcon && "icon"].filter(Boolean).join(" ");
}
