// Two versions side by side, or one under the other.

import { get } from "../api.js";
import { t } from "../i18n.js";
import { html, useEffect, useMemo, useRef, useState } from "../lib.js";
import { useResource } from "../resource.js";
import { href } from "../router.js";
import { Badge } from "../ui/badge.js";
import { Button, CopyButton, LinkButton } from "../ui/button.js";
import { Card } from "../ui/card.js";
import { Segmented } from "../ui/field.js";
import { FunctionFrame, tabPath } from "../ui/function-frame.js";
import { Empty, Loaded } from "../ui/state.js";
import { useColours } from "./compare-colours.js";
import { fold, pairUp, patchText } from "./compare-lines.js";
import { Inline, SideBySide } from "./compare-tables.js";

/** @typedef {import("./compare-lines.js").Line} Line */

const NARROW = "(max-width: 44rem)";

/** @param {import("../routes.js").ScreenProps} props */
export default function Compare({ params }) {
  const { id = "", v1 = "", v2 = "" } = params;
  return html`<${FunctionFrame} id=${id} tab="versions">
    ${(/** @type {any} */ data) => html`<${Comparison} id=${id} runtime=${data.runtime} first=${v1} second=${v2} />`}
  <//>`;
}

/** @param {{ id: string, runtime: string, first: string, second: string }} props */
function Comparison({ id, runtime, first, second }) {
  const found = useResource(
    (signal) => get(`/api/functions/${id}/diff/${first}/${second}`, { signal }),
    [id, first, second],
  );
  return html`<${Loaded} of=${found}>
    ${(/** @type {any} */ { diff }) =>
      html`<${Differences} key=${`${first}-${second}`} id=${id} runtime=${runtime} first=${first} second=${second} diff=${diff} />`}
  <//>`;
}

/** @param {{ id: string, runtime: string, first: string, second: string, diff: Line[] }} props */
function Differences({ id, runtime, first, second, diff }) {
  const [look, setLook] = useState(matchMedia(NARROW).matches ? "inline" : "side");
  const [isFolded, setFolded] = useState(true);
  const [opened, setOpened] = useState(/** @type {ReadonlySet<number>} */ (new Set()));
  const colours = useColours(diff, runtime);
  const pairs = useMemo(() => pairUp(diff), [diff]);
  const rows = useMemo(
    () => fold(pairs, { isFolded, opened, isSame: ([left]) => left?.line_type === "unchanged" }),
    [pairs, isFolded, opened],
  );
  const count = 1 + Math.max(-1, ...rows.map((row) => ("item" in row && row.change !== null ? row.change : -1)));
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [at, step] = useSteps(box, count);
  const added = diff.filter((one) => one.line_type === "added").length;
  const removed = diff.filter((one) => one.line_type === "removed").length;
  const title = html`<span class="row">
    v${first} → v${second}
    ${added > 0 && html`<${Badge} tone="good">${t("compare.added", { count: added })}<//>`}
    ${removed > 0 && html`<${Badge} tone="bad">${t("compare.removed", { count: removed })}<//>`}
  </span>`;
  const actions = html`
    ${count > 0 &&
    html`<span class="hint diff-position" role="status">${at === null ? t("compare.changes", { count }) : t("compare.position", { at: at + 1, count })}</span>
      <${Button} small label=${t("compare.previous")} icon="chevronUp" onClick=${() => step(-1)} />
      <${Button} small label=${t("compare.next")} icon="chevronDown" onClick=${() => step(1)} />
      <${Segmented} label=${t("compare.look")} value=${look} onChange=${setLook}
        options=${[["side", t("compare.side")], ["inline", t("compare.inline")]]} />
      <${Button} small pressed=${isFolded}
        onClick=${() => {
          setFolded(!isFolded);
          setOpened(new Set());
        }}>${t("compare.fold")}<//>
      <${CopyButton} text=${patchText(diff, first, second)} what=${t("compare.patch")} />`}
    <${LinkButton} small href=${href(`/functions/${id}/diff/${second}/${first}`)}>${t("compare.swap")}<//>
    <${LinkButton} small href=${href(tabPath(id, "versions"))}>${t("tab.versions")}<//>
  `;
  const shown = { rows, colours, current: at, onOpen: (/** @type {number} */ from) => setOpened(new Set([...opened, from])) };
  const keys = (/** @type {KeyboardEvent} */ event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "n") step(1);
    if (event.key === "p") step(-1);
  };
  return html`<${Card} title=${title} flush actions=${actions}>
    ${count === 0
      ? html`<${Empty} title=${t("compare.same")} />`
      : html`<div class="diff" role="region" tabindex="0" aria-label=${t("compare.label")} aria-keyshortcuts="n p" ref=${box} onKeyDown=${keys}>
            ${look === "side" ? html`<${SideBySide} ...${shown} />` : html`<${Inline} ...${shown} />`}
          </div>
          <p class="hint editor-hint">${t("compare.keys")}</p>`}
  <//>`;
}

/**
 * Moves from change to change; null before the first step.
 *
 * @param {{ current: HTMLElement | null }} box
 * @param {number} count
 * @returns {[number | null, (direction: 1 | -1) => void]}
 */
function useSteps(box, count) {
  const [at, setAt] = useState(/** @type {number | null} */ (null));
  useEffect(() => {
    box.current?.querySelector("tr.current")?.scrollIntoView({ block: "center" });
  }, [at]);
  const step = (/** @type {1 | -1} */ direction) =>
    setAt((before) => (before === null ? (direction > 0 ? 0 : count - 1) : (before + direction + count) % count));
  return [at, step];
}
