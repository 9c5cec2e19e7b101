// The two looks of a comparison.

import { useState } from "preact/hooks";
import { t } from "../i18n.ts";
import type { Piece } from "./compare-colours.ts";
import { changedParts, type Line, type Part } from "./compare-lines.ts";

type Pair = [Line | null, Line | null];

interface TableProps {
  rows: ({ item: Pair; change: number | null } | { hidden: number; from: number })[];
  colours: { old: Piece[][]; fresh: Piece[][] } | null;
  current: number | null; // the change that was gone to
  onOpen: (from: number) => void;
}

const SIGNS = { added: "+", removed: "−", unchanged: " " };

/** One under the other: of each change what was removed, then what was added. */
export function Inline({ rows, colours, current, onOpen }: TableProps) {
  return <table class="diff-table"><tbody>
    {blocksOf(rows).map((block) => {
      if ("hidden" in block) return <Hidden key={`h${block.from}`} {...block} span={4} onOpen={onOpen} />;
      const { pairs, change } = block;
      const parts = pairs.map(([left, right]) => (change !== null && left && right ? changedParts(left.content, right.content) : null));
      const olds = pairs.map(([left], at) => ({ line: left, parts: parts[at]?.[0] }));
      const freshes = change === null ? [] : pairs.map(([, right], at) => ({ line: right, parts: parts[at]?.[1] }));
      return [...olds, ...freshes].map(({ line, parts: own }, at) =>
        line && <tr key={`${line.line_type}${line.old_line}:${line.new_line}`}
          class={`${line.line_type}${change !== null && change === current && at === 0 ? " current" : ""}`}>
          <td class="diff-number" data-number={line.old_line ?? ""}></td>
          <td class="diff-number" data-number={line.new_line ?? ""}></td>
          <Sign kind={line.line_type} />
          <td class="diff-text"><Text line={line} parts={own} colours={colours} /></td>
        </tr>,
      );
    })}
  </tbody></table>;
}

export function SideBySide({ rows, colours, current, onOpen }: TableProps) {
  const [side, setSide] = useState("");
  // What is selected is of the side where it began.
  const pick = (event: MouseEvent) => {
    const cell = event.target instanceof Element ? event.target.closest(".diff-text") : null;
    setSide(cell instanceof HTMLElement ? (cell.dataset["side"] ?? "") : "");
  };
  let before = null as number | null;
  return <table class={`diff-table side ${side && `only-${side}`}`} onMouseDown={pick}>
    <colgroup>
      <col class="diff-number" /><col class="diff-sign" /><col />
      <col class="diff-number" /><col class="diff-sign" /><col />
    </colgroup>
    <tbody>
    {rows.map((row) => {
      if ("hidden" in row) return <Hidden key={`h${row.from}`} {...row} span={6} onOpen={onOpen} />;
      const [left, right] = row.item;
      const parts = left && right && row.change !== null ? changedParts(left.content, right.content) : null;
      const isFirst = row.change !== null && row.change !== before;
      before = row.change;
      return <tr key={`${left?.old_line}:${right?.new_line}`} class={isFirst && row.change === current ? "current" : ""}>
        <Half side="left" line={left} number={left?.old_line} parts={parts?.[0]} colours={colours} />
        <Half side="right" line={right} number={right?.new_line} parts={parts?.[1]} colours={colours} />
      </tr>;
    })}
  </tbody></table>;
}

function Half({ side, line, number, parts, colours }: {
  side: "left" | "right";
  line: Line | null;
  number: number | undefined;
  parts: Part[] | undefined;
  colours: TableProps["colours"];
}) {
  if (!line) return <><td class="diff-number"></td><td class="diff-sign"></td><td class="diff-text nothing"></td></>;
  return <><td class={`diff-number ${line.line_type}`} data-number={number ?? ""}></td>
    <Sign kind={line.line_type} />
    <td class={`diff-text ${line.line_type}`} data-side={side}><Text line={line} parts={parts} colours={colours} /></td></>;
}

function Sign({ kind }: { kind: Line["line_type"] }) {
  return <td class={`diff-sign ${kind}`}><span class="visually-hidden">{t(`compare.sign.${kind}`)}</span>
    <span aria-hidden="true">{SIGNS[kind]}</span></td>;
}

/** The text of a line, coloured, with what differs marked. */
function Text({ line, parts, colours }: { line: Line; parts: Part[] | undefined; colours: TableProps["colours"] }) {
  const known = line.new_line ? colours?.fresh[line.new_line - 1] : colours?.old[(line.old_line ?? 0) - 1];
  const pieces = known ?? [{ text: line.content, classes: "" }];
  if (!parts) return <>{pieces.map(shown)}</>;
  let from = 0;
  return <>{parts.map((part, at) => {
    const inside = cut(pieces, from, from + part.text.length).map(shown);
    from += part.text.length;
    return part.isChanged ? <mark key={at}>{inside}</mark> : inside;
  })}</>;
}

const shown = ({ text, classes }: Piece, at: number) => (classes ? <span key={at} class={classes}>{text}</span> : text);

/** What of *pieces* lies between two places of the line. */
function cut(pieces: Piece[], from: number, to: number) {
  let begin = 0;
  return pieces
    .map(({ text, classes }) => {
      const start = begin;
      begin += text.length;
      return { text: text.slice(Math.max(0, from - start), Math.max(0, to - start)), classes };
    })
    .filter(({ text }) => text);
}

function Hidden({ hidden, from, span, onOpen }: {
  hidden: number;
  from: number;
  span: number;
  onOpen: (from: number) => void;
}) {
  return <tr class="diff-hidden"><td colspan={span}>
    <button class="button ghost small" type="button" onClick={() => onOpen(from)}>{t("compare.hidden", { count: hidden })}</button>
  </td></tr>;
}

/** Rows of the same change together. */
function blocksOf(rows: TableProps["rows"]) {
  const blocks: ({ pairs: Pair[]; change: number | null } | { hidden: number; from: number })[] = [];
  for (const row of rows) {
    const last = blocks.at(-1);
    if ("hidden" in row) blocks.push(row);
    else if (last && "pairs" in last && last.change === row.change) last.pairs.push(row.item);
    else blocks.push({ pairs: [row.item], change: row.change });
  }
  return blocks;
}
