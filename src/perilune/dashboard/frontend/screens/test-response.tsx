// What came back from a test request.

import { useEffect, useState } from "preact/hooks";
import type { LogLine } from "../answers.ts";
import { get } from "../api.ts";
import { bytes, duration } from "../format.ts";
import { t } from "../i18n.ts";
import { href } from "../router.ts";
import { Body } from "../ui/body.tsx";
import { LinkButton } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { CodeBlock } from "../ui/code.tsx";
import { Segmented, type Option } from "../ui/field.tsx";
import { Empty } from "../ui/state.tsx";
import { ErrorReport } from "./execution-error.tsx";
import { HeaderList, HtmlPreview, StatusCode, contentType } from "./execution-response.tsx";
import type { Outcome } from "./test-send.ts";

const REDIRECT = 0; // what browsers tell of a redirect that they do not follow

export function Response({ outcome, functionId }: { outcome: Outcome | null; functionId: string }) {
  const [chosen, setView] = useState("body");
  if (!outcome) return <Card title={t("test.response")}><Empty title={t("test.hint")} text={t("test.hintText")} /></Card>;
  const type = contentType(outcome.headers);
  const views: Option[] = [
    ["body", t("body.body")],
    ...(outcome.isBase64 || outcome.body === "" ? [] : [["raw", t("body.raw")] as const]),
    ["headers", t("body.headers")],
    ...(type.includes("text/html") ? [["page", t("body.page")] as const] : []),
  ];
  const view = views.some(([one]) => one === chosen) ? chosen : "body";
  const title = <span class="row">{t("test.response")} <StatusCode status={outcome.status} /></span>;
  const facts = `${duration(outcome.ms)} · ${bytes(outcome.size)}${type ? ` · ${type}` : ""}`;
  const actions = <><Segmented label={t("body.view")} value={view} options={views} onChange={setView} />
    {outcome.executionId && <LinkButton small href={href(`/executions/${outcome.executionId}`)}>{t("test.execution")}</LinkButton>}</>;
  return <div class="stack">
    <Card title={title} subtitle={facts} actions={actions}>
      <div role="status" class="visually-hidden">{t("test.answered", { status: outcome.status || "3xx" })}</div>
      {view === "headers" && <HeaderList headers={outcome.headers} />}
      {view === "page" && <HtmlPreview text={outcome.body} />}
      {view === "raw" && <CodeBlock text={outcome.body} label={t("body.raw")} wrap />}
      {view === "body" &&
      (outcome.status === REDIRECT
        ? <p class="note warn">{t("test.redirect")}</p>
        : <Body text={outcome.body} type={type} isBase64={outcome.isBase64} />)}
    </Card>
    {outcome.report && <ErrorReport report={outcome.report} kind={outcome.kind} functionId={functionId} />}
    {outcome.executionId && <RunLogs key={outcome.executionId} id={outcome.executionId} />}
  </div>;
}

/** The log of what was just run. */
function RunLogs({ id }: { id: string }) {
  const [lines, setLines] = useState<LogLine[]>([]);
  useEffect(() => {
    get<{ logs: LogLine[] }>(`/api/executions/${id}/logs`, { query: { limit: 100 } }).then((found) => setLines(found.logs), () => {});
  }, [id]);
  if (lines.length === 0) return null;
  return <Card title={t("logs.title")}>
    <pre class="code wrap" role="group" tabindex={0} aria-label={t("logs.title")}>{lines.map((one) => `${one.level.padEnd(5)} ${one.message}`).join("\n")}</pre>
  </Card>;
}
