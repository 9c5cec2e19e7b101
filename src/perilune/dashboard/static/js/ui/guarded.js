// A part of a screen that can fail alone.

import { t } from "../i18n.js";
import { html, useState } from "../lib.js";
import { Empty } from "./state.js";

/**
 * Draws its children; if they can't be drawn, says so in their place and leaves the rest alone.
 *
 * @this {any}
 * @param {{ children: any }} props
 */
export function Guarded(props) {
  const [problem, setProblem] = useState(/** @type {unknown} */ (null));
  // Preact asks the component itself, which is `this` of the function.
  this.componentDidCatch = setProblem;
  if (problem === null) return props.children;
  return html`<section class="card"><${Empty} title=${t("state.broken")} text=${String(problem)} /></section>`;
}
