// Runs what stands in the editor, without saving it.

import { useEffect, useRef, useState } from "preact/hooks";
import type { LogLine } from "../answers.ts";
import { get } from "../api.ts";
import { errorText } from "../errors.ts";
import { duration } from "../format.ts";
import { t } from "../i18n.ts";
import { useAction } from "../resource.ts";
import { href } from "../router.ts";
import { Body } from "../ui/body.tsx";
import { Button, LinkButton } from "../ui/button.tsx";
import { CodeBlock } from "../ui/code.tsx";
import { tabPath } from "../ui/function-frame.tsx";
import { toast } from "../ui/toast.tsx";
import { takeApart } from "./execution-error.tsx";
import { StatusCode, contentType } from "./execution-response.tsx";
import { useKept } from "./test-kept.ts";
import { emptyRequest, pathOf, type TestRequest } from "./test-request.ts";
import { tryOut, type Outcome } from "./test-send.ts";

interface Trial {
  request: TestRequest;
  outcome: Outcome;
  lines: LogLine[]; // of the log
}

/**
 * The last trial, whether one is going on, how to start one, and how to forget it.
 *
 * @param id  of the function
 */
export function useTrial(id: string) {
  const [trial, setTrial] = useState<Trial | null>(null);
  const [kept] = useKept(id);
  // What the test screen would send, or else the simplest request.
  const request = kept.current ?? kept.history[0] ?? emptyRequest();
  const [isRunning, run] = useAction(async (code: string) => {
    try {
      const outcome = await tryOut(id, code, request, new AbortController().signal);
      const query = { limit: 100 };
      const { logs } = await get<{ logs: LogLine[] }>(`/api/executions/${outcome.executionId}/logs`, { query }).catch(() => ({ logs: [] }));
      setTrial({ request, outcome, lines: logs });
    } catch (problem) {
      toast("bad", errorText(problem));
    }
  });
  return { trial, isRunning, run, close: () => setTrial(null) };
}

export function TrialResult({ id, trial: { request, outcome, lines }, onLine, onClose }: {
  id: string;
  trial: Trial;
  onLine: (line: number) => void;
  onClose: () => void;
}) {
  const box = useRef<HTMLDivElement | null>(null);
  useEffect(() => box.current?.scrollIntoView({ block: "nearest" }), [outcome]);
  const report = outcome.report && takeApart(outcome.report);
  return <section class="trial" aria-label={t("code.result")} ref={box}>
    <div class="trial-head">
      <h3>{t("code.result")}</h3>
      <StatusCode status={outcome.status} />
      <span class="hint grow" role="status">
        <span class="mono">{request.method} {pathOf(request)}</span> · {duration(outcome.ms)}
      </span>
      <LinkButton small href={href(tabPath(id, "test"))}>{t("code.changeRequest")}</LinkButton>
      <Button small kind="ghost" icon="x" label={t("code.closeResult")} onClick={onClose} />
    </div>
    {report &&
    <div class="note bad">
      <span class="grow pre">{report.text}{report.tip && `\n${report.tip}`}</span>
      {report.line > 0 && <Button small onClick={() => onLine(report.line)}>{t("code.line", { line: report.line })}</Button>}
    </div>}
    {!report && <Body text={outcome.body} type={contentType(outcome.headers)} isBase64={outcome.isBase64} />}
    {lines.length > 0 &&
    <CodeBlock wrap label={t("logs.title")} text={lines.map((one) => `${one.level.padEnd(5)} ${one.message}`).join("\n")} />}
  </section>;
}
