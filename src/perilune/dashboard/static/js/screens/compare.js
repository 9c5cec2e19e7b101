// Two versions side by side, or one under the other.

import { get } from "../api.js";
import { t } from "../i18n.js";
import { html, useMemo, useRef, useState } from "../lib.js";
import { useResource } from "../resource.js";
import { href } from "../router.js";
import { Badge } from "../ui/badge.js";
import { Button, CopyButton, LinkButton } from "../ui/button.js";
import { Card } from "../ui/card.js";
import { Segmented } from "../ui/field.js";
import { FunctionFrame, tabPath } from "../ui/function-frame.js";
import { Empty, Loaded } from "../ui/state.js";
import { changedParts, fold, pairUp, patchText } from "./compare-lines.js";

/** @typedef {import("./compare-lines.js").Line} Line */

const NARROW = "(max-width: 44rem)";

/** @param {import("../routes.js").ScreenProps} props */
export default function Compare({ params }) {
  const { id = "", v1 = "", v2 = "" } = params;
  return html`<${FunctionFrame} id=${id} tab="versions">
    ${() => html`<${Comparison} id=${id} first=${v1} second=${v2} />`}
  <//>`;
}

/** @param {{ id: string, first: string, second: string }} props */
function Comparison({ id, first, second }) {
  const found = useResource(
    (signal) => get(`/api/functions/${id}/diff/${first}/${second}`, { signal }),
    [id, first, second],
  );
  const [look, setLook] = useState(matchMedia(NARROW).matches ? "inline" : "side");
  const [isFolded, setFolded] = useState(true);
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const step = useSteps(box);
  return html`<${Loaded} of=${found}>
    ${(/** @type {any} */ { diff }) => {
      const added = diff.filter((/** @type {Line} */ one) => one.line_type === "added").length;
      const removed = diff.filter((/** @type {Line} */ one) => one.line_type === "removed").length;
      const title = html`<span class="row">
        v${first} → v${second}
        ${added > 0 && html`<${Badge} tone="good">${t("compare.added", { count: added })}<//>`}
        ${removed > 0 && html`<${Badge} tone="bad">${t("compare.removed", { count: removed })}<//>`}
      </span>`;
      const actions = html`
        <${Segmented} label=${t("compare.look")} value=${look} onChange=${setLook}
          options=${[["side", t("compare.side")], ["inline", t("compare.inline")]]} />
        <${Button} small pressed=${isFolded} onClick=${() => setFolded(!isFolded)}>${t("compare.fold")}<//>
        <${Button} small label=${t("compare.previous")} icon="arrowLeft" onClick=${() => step(-1)} />
        <${Button} small label=${t("compare.next")} icon="chevronRight" onClick=${() => step(1)} />
        <${LinkButton} small href=${href(`/functions/${id}/diff/${second}/${first}`)}>${t("compare.swap")}<//>
        <${CopyButton} text=${patchText(diff, first, second)} what=${t("compare.patch")} />
        <${LinkButton} small href=${href(tabPath(id, "versions"))}>${t("tab.versions")}<//>
      `;
      return html`<${Card} title=${title} flush actions=${actions}>
        ${added + removed === 0
          ? html`<${Empty} title=${t("compare.same")} />`
          : html`<div class="diff" role="region" tabindex="0" aria-label=${t("compare.label")} ref=${box}>
              ${look === "side"
                ? html`<${SideBySide} lines=${diff} isFolded=${isFolded} />`
                : html`<${Inline} lines=${diff} isFolded=${isFolded} />`}
            </div>`}
      <//>`;
    }}
  <//>`;
}

/**
 * Moves from change to change.
 *
 * @param {{ current: HTMLElement | null }} box
 */
function useSteps(box) {
  const at = useRef(-1);
  return (/** @type {number} */ direction) => {
    const marks = box.current?.querySelectorAll("[data-change]") ?? [];
    if (marks.length === 0) return;
    at.current = (at.current + direction + marks.length) % marks.length;
    marks[at.current]?.scrollIntoView({ block: "center" });
  };
}

const SIGNS = { added: "+", removed: "−", unchanged: " " };

/** @param {{ lines: Line[], isFolded: boolean }} props */
function Inline({ lines, isFolded }) {
  const rows = useMemo(() => fold(lines, isFolded, (one) => one.line_type === "unchanged"), [lines, isFolded]);
  return html`<table class="diff-table"><tbody>
    ${rows.map((row, at) => {
      if ("hidden" in row) return html`<${Hidden} key=${at} count=${row.hidden} span=${4} />`;
      const one = row.item;
      const before = rows[at - 1];
      const begins = one.line_type !== "unchanged" && !(before && "item" in before && before.item.line_type !== "unchanged");
      return html`<tr key=${at} class=${one.line_type} data-change=${begins ? "" : undefined}>
        <td class="diff-number" data-number=${one.old_line ?? ""}></td>
        <td class="diff-number" data-number=${one.new_line ?? ""}></td>
        <td class="diff-sign"><span class="visually-hidden">${t(`compare.sign.${one.line_type}`)}</span>
          <span aria-hidden="true">${SIGNS[one.line_type]}</span></td>
        <td class="diff-text">${one.content}</td>
      </tr>`;
    })}
  </tbody></table>`;
}

/** @param {{ lines: Line[], isFolded: boolean }} props */
function SideBySide({ lines, isFolded }) {
  const rows = useMemo(
    () => fold(pairUp(lines), isFolded, ([left, right]) => left?.line_type === "unchanged" && right !== null),
    [lines, isFolded],
  );
  return html`<table class="diff-table side">
    <colgroup>
      <col class="diff-number" /><col class="diff-sign" /><col />
      <col class="diff-number" /><col class="diff-sign" /><col />
    </colgroup>
    <tbody>
    ${rows.map((row, at) => {
      if ("hidden" in row) return html`<${Hidden} key=${at} count=${row.hidden} span=${6} />`;
      const [left, right] = row.item;
      const isChange = left?.line_type !== "unchanged";
      const before = rows[at - 1];
      const begins = isChange && !(before && "item" in before && before.item[0]?.line_type !== "unchanged");
      const parts = left && right && isChange ? changedParts(left.content, right.content) : null;
      return html`<tr key=${at} data-change=${begins ? "" : undefined}>
        <${Half} line=${left} number=${left?.old_line} parts=${parts?.[0]} />
        <${Half} line=${right} number=${right?.new_line} parts=${parts?.[1]} />
      </tr>`;
    })}
  </tbody></table>`;
}

/**
 * @param {{
 *   line: Line | null,
 *   number: number | undefined,
 *   parts: [string, string, string] | undefined,
 * }} props
 */
function Half({ line, number, parts }) {
  if (!line) return html`<td class="diff-number"></td><td class="diff-sign"></td><td class="diff-text nothing"></td>`;
  const text = parts ? html`${parts[0]}<mark>${parts[1]}</mark>${parts[2]}` : line.content;
  return html`<td class="diff-number ${line.line_type}" data-number=${number ?? ""}></td>
    <td class="diff-sign ${line.line_type}"><span class="visually-hidden">${t(`compare.sign.${line.line_type}`)}</span>
      <span aria-hidden="true">${SIGNS[line.line_type]}</span></td>
    <td class="diff-text ${line.line_type}">${text}</td>`;
}

/** @param {{ count: number, span: number }} props */
function Hidden({ count, span }) {
  return html`<tr class="diff-hidden"><td colspan=${span}>${t("compare.hidden", { count })}</td></tr>`;
}
