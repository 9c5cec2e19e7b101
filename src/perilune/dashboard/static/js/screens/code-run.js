// Runs what stands in the editor, without saving it.

import { get } from "../api.js";
import { errorText } from "../errors.js";
import { duration } from "../format.js";
import { t } from "../i18n.js";
import { html, useEffect, useRef, useState } from "../lib.js";
import { useAction } from "../resource.js";
import { href } from "../router.js";
import { Body } from "../ui/body.js";
import { Button, LinkButton } from "../ui/button.js";
import { CodeBlock } from "../ui/code.js";
import { tabPath } from "../ui/function-frame.js";
import { toast } from "../ui/toast.js";
import { takeApart } from "./execution-error.js";
import { StatusCode, contentType } from "./execution-response.js";
import { useKept } from "./test-kept.js";
import { emptyRequest, pathOf } from "./test-request.js";
import { tryOut } from "./test-send.js";

/**
 * @typedef {object} Trial
 * @property {import("./test-request.js").TestRequest} request
 * @property {import("./test-send.js").Outcome} outcome
 * @property {{ level: string, message: string }[]} lines  of the log
 */

/**
 * The last trial, whether one is going on, how to start one, and how to forget it.
 *
 * @param {string} id  of the function
 * @returns {{ trial: Trial | null, isRunning: boolean, run: (code: string) => Promise<void>, close: () => void }}
 */
export function useTrial(id) {
  const [trial, setTrial] = useState(/** @type {Trial | null} */ (null));
  const [kept] = useKept(id);
  // What the test screen would send, or else the simplest request.
  const request = kept.current ?? kept.history[0] ?? emptyRequest();
  const [isRunning, run] = useAction(async (/** @type {string} */ code) => {
    try {
      const outcome = await tryOut(id, code, request, new AbortController().signal);
      const query = { limit: 100 };
      const { logs } = await get(`/api/executions/${outcome.executionId}/logs`, { query }).catch(() => ({ logs: [] }));
      setTrial({ request, outcome, lines: logs });
    } catch (problem) {
      toast("bad", errorText(problem));
    }
  });
  return { trial, isRunning, run, close: () => setTrial(null) };
}

/** @param {{ id: string, trial: Trial, onLine: (line: number) => void, onClose: () => void }} props */
export function TrialResult({ id, trial: { request, outcome, lines }, onLine, onClose }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => box.current?.scrollIntoView({ block: "nearest" }), [outcome]);
  const report = outcome.report && takeApart(outcome.report);
  return html`<section class="trial" aria-label=${t("code.result")} ref=${box}>
    <div class="trial-head">
      <h3>${t("code.result")}</h3>
      <${StatusCode} status=${outcome.status} />
      <span class="hint grow" role="status">
        <span class="mono">${request.method} ${pathOf(request)}</span> · ${duration(outcome.ms)}
      </span>
      <${LinkButton} small href=${href(tabPath(id, "test"))}>${t("code.changeRequest")}<//>
      <${Button} small kind="ghost" icon="x" label=${t("code.closeResult")} onClick=${onClose} />
    </div>
    ${report &&
    html`<div class="note bad">
      <span class="grow pre">${report.text}${report.tip && `\n${report.tip}`}</span>
      ${report.line > 0 && html`<${Button} small onClick=${() => onLine(report.line)}>${t("code.line", { line: report.line })}<//>`}
    </div>`}
    ${!report && html`<${Body} text=${outcome.body} type=${contentType(outcome.headers)} isBase64=${outcome.isBase64} />`}
    ${lines.length > 0 &&
    html`<${CodeBlock} wrap label=${t("logs.title")} text=${lines.map((one) => `${one.level.padEnd(5)} ${one.message}`).join("\n")} />`}
  </section>`;
}
