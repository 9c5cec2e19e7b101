// A framed part of a screen.

import { html } from "../lib.js";

/**
 * @param {object} props
 * @param {any} [props.title]
 * @param {any} [props.subtitle]
 * @param {any} [props.actions]  beside the title
 * @param {any} [props.foot]
 * @param {"danger" | "warning" | ""} [props.kind]
 * @param {boolean} [props.flush]  without space around the content, for tables
 * @param {string} [props.id]
 * @param {any} [props.children]
 */
export function Card({ title, subtitle, actions, foot, kind = "", flush = false, id, children }) {
  return html`<section class="card ${kind}" id=${id}>
    ${title &&
    html`<div class="card-head">
      <div class="grow">
        <h2>${title}</h2>
        ${subtitle && html`<p class="hint">${subtitle}</p>`}
      </div>
      ${actions && html`<div class="actions">${actions}</div>`}
    </div>`}
    <div class="card-body ${flush ? "flush" : ""}">${children}</div>
    ${foot && html`<div class="card-foot">${foot}</div>`}
  </section>`;
}
