// An error report, taken apart at its marks: text, frame, tip.

import { t } from "../i18n.js";
import { html } from "../lib.js";
import { href } from "../router.js";
import { Badge } from "../ui/badge.js";
import { LinkButton } from "../ui/button.js";
import { Card } from "../ui/card.js";
import { CodeBlock } from "../ui/code.js";

/**
 * @param {{
 *   report: string,
 *   kind: string | undefined,
 *   functionId: string,
 *   version?: number,
 * }} props  *version* is the one that ran; without it, the code as it is now
 */
export function ErrorReport({ report, kind, functionId, version }) {
  const { text, frame, tip, line } = takeApart(report);
  const title = html`<span class="row">${t("execution.error")} ${kind && html`<${Badge} tone="bad">${kind}<//>`}</span>`;
  const jump =
    line &&
    html`<${LinkButton} small icon="code" href=${href(`/functions/${functionId}?${version ? `version=${version}&` : ""}line=${line}`)}>${t("execution.jump", { line })}<//>`;
  return html`<${Card} title=${title} kind="danger" actions=${jump}>
    <div class="stack">
      <${CodeBlock} text=${text} label=${t("execution.error")} wrap />
      ${frame && html`<${Frame} text=${frame} />`}
      ${tip && html`<p class="note warn pre">${tip}</p>`}
    </div>
  <//>`;
}

/** @param {{ text: string }} props */
function Frame({ text }) {
  return html`<pre class="code frame" role="group" tabindex="0" aria-label=${t("execution.frame")}>${text.split("\n").map(
    (one, at) => html`<span key=${at} class=${one.startsWith(">") ? "frame-line failed" : "frame-line"}>${`${one}\n`}</span>`,
  )}</pre>`;
}

/**
 * The parts of a report; a report without marks is all text.
 *
 * @param {string} report
 */
export function takeApart(report) {
  const [beforeTip = "", tip = ""] = split(report, "[TIP]");
  const [text = "", rest = ""] = split(beforeTip, "[CODE]");
  const [frame = ""] = split(rest, "[/CODE]");
  const line = Number(/^Error at line (\d+)/.exec(text)?.[1] ?? 0);
  return { text: text.trim(), frame: frame.replace(/^\n|\n$/g, ""), tip: tip.trim(), line };
}

/**
 * @param {string} text
 * @param {string} mark
 */
function split(text, mark) {
  const at = text.lastIndexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + mark.length)];
}
