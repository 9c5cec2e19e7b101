// A framed part of a screen.

import type { ComponentChildren } from "preact";

interface CardProps {
  title?: ComponentChildren;
  subtitle?: ComponentChildren;
  actions?: ComponentChildren; // beside the title
  foot?: ComponentChildren;
  kind?: "danger" | "warning" | "";
  flush?: boolean; // without space around the content, for tables
  id?: string;
  children?: ComponentChildren;
}

export function Card({ title, subtitle, actions, foot, kind = "", flush = false, id, children }: CardProps) {
  return <section class={`card ${kind}`} id={id}>
    {title &&
    <div class="card-head">
      <div class="grow">
        <h2>{title}</h2>
        {subtitle && <p class="hint">{subtitle}</p>}
      </div>
      {actions && <div class="actions">{actions}</div>}
    </div>}
    <div class={`card-body ${flush ? "flush" : ""}`}>{children}</div>
    {foot && <div class="card-foot">{foot}</div>}
  </section>;
}
