// Two versions side by side, or one under the other.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { get } from "../api.ts";
import { t } from "../i18n.ts";
import { useResource } from "../resource.ts";
import { href } from "../router.ts";
import type { ScreenProps } from "../routes.ts";
import { Badge } from "../ui/badge.tsx";
import { Button, CopyButton, LinkButton } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { Segmented } from "../ui/field.tsx";
import { FunctionFrame, tabPath } from "../ui/function-frame.tsx";
import { Empty, Loaded } from "../ui/state.tsx";
import { useColours } from "./compare-colours.ts";
import { fold, pairUp, patchText, type Line } from "./compare-lines.ts";
import { Inline, SideBySide } from "./compare-tables.tsx";

const NARROW = "(max-width: 44rem)";

export default function Compare({ params }: ScreenProps) {
  const { id = "", v1 = "", v2 = "" } = params;
  return <FunctionFrame id={id} tab="versions">
    {(data) => <Comparison id={id} runtime={data.runtime} first={v1} second={v2} />}
  </FunctionFrame>;
}

function Comparison({ id, runtime, first, second }: { id: string; runtime: string; first: string; second: string }) {
  const found = useResource(
    (signal) => get<{ diff: Line[] }>(`/api/functions/${id}/diff/${first}/${second}`, { signal }),
    [id, first, second],
  );
  return <Loaded of={found}>
    {({ diff }) =>
      <Differences key={`${first}-${second}`} id={id} runtime={runtime} first={first} second={second} diff={diff} />}
  </Loaded>;
}

function Differences({ id, runtime, first, second, diff }: {
  id: string;
  runtime: string;
  first: string;
  second: string;
  diff: Line[];
}) {
  const [look, setLook] = useState(matchMedia(NARROW).matches ? "inline" : "side");
  const [isFolded, setFolded] = useState(true);
  const [opened, setOpened] = useState<ReadonlySet<number>>(new Set());
  const colours = useColours(diff, runtime);
  const pairs = useMemo(() => pairUp(diff), [diff]);
  const rows = useMemo(
    () => fold(pairs, { isFolded, opened, isSame: ([left]) => left?.line_type === "unchanged" }),
    [pairs, isFolded, opened],
  );
  const count = 1 + Math.max(-1, ...rows.map((row) => ("item" in row && row.change !== null ? row.change : -1)));
  const box = useRef<HTMLDivElement | null>(null);
  const [at, step] = useSteps(box, count);
  const added = diff.filter((one) => one.line_type === "added").length;
  const removed = diff.filter((one) => one.line_type === "removed").length;
  const title = <span class="row">
    v{first} → v{second}
    {added > 0 && <Badge tone="good">{t("compare.added", { count: added })}</Badge>}
    {removed > 0 && <Badge tone="bad">{t("compare.removed", { count: removed })}</Badge>}
  </span>;
  const actions = <>
    {count > 0 &&
    <><span class="hint diff-position" role="status">{at === null ? t("compare.changes", { count }) : t("compare.position", { at: at + 1, count })}</span>
      <Button small label={t("compare.previous")} icon="chevronUp" onClick={() => step(-1)} />
      <Button small label={t("compare.next")} icon="chevronDown" onClick={() => step(1)} />
      <Segmented label={t("compare.look")} value={look} onChange={setLook}
        options={[["side", t("compare.side")], ["inline", t("compare.inline")]]} />
      <Button small pressed={isFolded}
        onClick={() => {
          setFolded(!isFolded);
          setOpened(new Set());
        }}>{t("compare.fold")}</Button>
      <CopyButton text={patchText(diff, first, second)} what={t("compare.patch")} /></>}
    <LinkButton small href={href(`/functions/${id}/diff/${second}/${first}`)}>{t("compare.swap")}</LinkButton>
    <LinkButton small href={href(tabPath(id, "versions"))}>{t("tab.versions")}</LinkButton>
  </>;
  const shown = { rows, colours, current: at, onOpen: (from: number) => setOpened(new Set([...opened, from])) };
  const keys = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "n") step(1);
    if (event.key === "p") step(-1);
  };
  return <Card title={title} flush actions={actions}>
    {count === 0
      ? <Empty title={t("compare.same")} />
      : <><div class="diff" role="region" tabindex={0} aria-label={t("compare.label")} aria-keyshortcuts="n p" ref={box} onKeyDown={keys}>
            {look === "side" ? <SideBySide {...shown} /> : <Inline {...shown} />}
          </div>
          <p class="hint editor-hint">{t("compare.keys")}</p></>}
  </Card>;
}

/** Moves from change to change; null before the first step. */
function useSteps(box: { current: HTMLElement | null }, count: number): [number | null, (direction: 1 | -1) => void] {
  const [at, setAt] = useState<number | null>(null);
  useEffect(() => {
    box.current?.querySelector("tr.current")?.scrollIntoView({ block: "center" });
  }, [at]);
  const step = (direction: 1 | -1) =>
    setAt((before) => (before === null ? (direction > 0 ? 0 : count - 1) : (before + direction + count) % count));
  return [at, step];
}
