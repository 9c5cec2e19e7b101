// An error report, taken apart at its marks: text, frame, tip.

import { t } from "../i18n.ts";
import { href } from "../router.ts";
import { Badge } from "../ui/badge.tsx";
import { LinkButton } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { CodeBlock } from "../ui/code.tsx";

/** @param props  *version* is the one that ran; without it, the code as it is now */
export function ErrorReport({ report, kind, functionId, version }: {
  report: string;
  kind: string | undefined;
  functionId: string;
  version?: number;
}) {
  const { text, frame, tip, line } = takeApart(report);
  const title = <span class="row">{t("execution.error")} {kind && <Badge tone="bad">{kind}</Badge>}</span>;
  const jump =
    line &&
    <LinkButton small icon="code" href={href(`/functions/${functionId}?${version ? `version=${version}&` : ""}line=${line}`)}>{t("execution.jump", { line })}</LinkButton>;
  return <Card title={title} kind="danger" actions={jump}>
    <div class="stack">
      <CodeBlock text={text} label={t("execution.error")} wrap />
      {frame && <Frame text={frame} />}
      {tip && <p class="note warn pre">{tip}</p>}
    </div>
  </Card>;
}

function Frame({ text }: { text: string }) {
  return <pre class="code frame" role="group" tabindex={0} aria-label={t("execution.frame")}>{text.split("\n").map(
    (one, at) => <span key={at} class={one.startsWith(">") ? "frame-line failed" : "frame-line"}>{`${one}\n`}</span>,
  )}</pre>;
}

/** The parts of a report; a report without marks is all text. */
export function takeApart(report: string) {
  const [beforeTip = "", tip = ""] = split(report, "[TIP]");
  const [text = "", rest = ""] = split(beforeTip, "[CODE]");
  const [frame = ""] = split(rest, "[/CODE]");
  const line = Number(/^Error at line (\d+)/.exec(text)?.[1] ?? 0);
  return { text: text.trim(), frame: frame.replace(/^\n|\n$/g, ""), tip: tip.trim(), line };
}

function split(text: string, mark: string) {
  const at = text.lastIndexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + mark.length)];
}
