// A part of a screen that can fail alone.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { t } from "../i18n.ts";
import { Empty } from "./state.tsx";

/** Draws its children; if they can't be drawn, says so in their place and leaves the rest alone. */
export function Guarded(this: any, props: { children: ComponentChildren }) {
  const [problem, setProblem] = useState<unknown>(null);
  // Preact asks the component itself, which is `this` of the function.
  this.componentDidCatch = setProblem;
  if (problem === null) return props.children;
  return <section class="card"><Empty title={t("state.broken")} text={String(problem)} /></section>;
}
