// JSON as a tree that can be opened and closed.

import { useState } from "preact/hooks";
import { t } from "../i18n.ts";
import { Button } from "./button.tsx";

const OPEN_DEPTH = 2;
const PART = 100; // members that are shown at first, and added at a time

export function JsonTree({ value, label }: { value: unknown; label: string }) {
  return <div class="code tree" role="group" tabindex={0} aria-label={label}>
    <Node value={value} depth={0} />
  </div>;
}

function Node({ name, value, depth }: { name?: string; value: unknown; depth: number }) {
  const [isOpen, setOpen] = useState(depth < OPEN_DEPTH);
  const key = name !== undefined && <><span class="tok-propertyName">{name}</span>{": "}</>;
  if (value === null || typeof value !== "object") {
    const kind = typeof value === "string" ? "string" : typeof value === "number" ? "number" : "atom";
    return <div class="tree-leaf">{key}<span class={`tok-${kind}`}>{JSON.stringify(value)}</span></div>;
  }
  const members = Object.entries(value);
  const count = t("body.members", { count: members.length });
  const brackets = Array.isArray(value) ? "[ ]" : "{ }";
  return <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
    <summary>{key}{brackets} <span class="muted">{count}</span></summary>
    {isOpen && <Members members={members} depth={depth + 1} />}
  </details>;
}

function Members({ members, depth }: { members: [string, unknown][]; depth: number }) {
  const [shown, setShown] = useState(PART);
  return <div class="tree-members">
    {members.slice(0, shown).map(([name, value]) => <Node key={name} name={name} value={value} depth={depth} />)}
    {members.length > shown &&
    <Button small onClick={() => setShown(shown + PART)}>{t("body.more", { count: members.length - shown })}</Button>}
  </div>;
}
