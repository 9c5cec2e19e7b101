// Runs what stands in the editor, without saving it.

import { get, post } from "../api.js";
import { errorText } from "../errors.js";
import { duration } from "../format.js";
import { t } from "../i18n.js";
import { html, useEffect, useRef, useState } from "../lib.js";
import { read } from "../preferences.js";
import { useAction } from "../resource.js";
import { href } from "../router.js";
import { Button, LinkButton } from "../ui/button.js";
import { CodeBlock } from "../ui/code.js";
import { tabPath } from "../ui/function-frame.js";
import { toast } from "../ui/toast.js";
import { takeApart } from "./execution-error.js";
import { Body, StatusCode, contentType } from "./execution-response.js";
import { emptyRequest, headersOf, isOfScheduler, pathOf } from "./test-request.js";

/**
 * @typedef {object} Trial
 * @property {import("./test-request.js").TestRequest} request
 * @property {any} found  the server's answer
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
  const [isRunning, run] = useAction(async (/** @type {string} */ code) => {
    const request = lastRequest(id);
    try {
      const event = {
        method: request.method,
        path: pathOf(request),
        headers: headersOf(request),
        body: request.body,
        ...(isOfScheduler(request) ? { trigger: "cron" } : {}),
      };
      const found = await post(`/api/functions/${id}/test`, { code, event });
      const logs = await get(`/api/executions/${found.execution_id}/logs`, { query: { limit: 100 } }).catch(() => ({ logs: [] }));
      setTrial({ request, found, lines: logs.logs });
    } catch (problem) {
      toast("bad", errorText(problem));
    }
  });
  return { trial, isRunning, run, close: () => setTrial(null) };
}

/** @param {{ id: string, trial: Trial, onLine: (line: number) => void, onClose: () => void }} props */
export function TrialResult({ id, trial: { request, found, lines }, onLine, onClose }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => box.current?.scrollIntoView({ block: "nearest" }), [found]);
  const headers = found.response?.headers ?? {};
  const report = found.error && takeApart(found.error.message);
  return html`<section class="trial" aria-label=${t("code.result")} ref=${box}>
    <div class="trial-head">
      <h3>${t("code.result")}</h3>
      <${StatusCode} status=${found.response?.statusCode ?? 500} />
      <span class="hint grow" role="status">
        <span class="mono">${request.method} ${pathOf(request)}</span> · ${duration(found.duration_ms)}
      </span>
      <${LinkButton} small href=${href(tabPath(id, "test"))}>${t("code.changeRequest")}<//>
      <${Button} small kind="ghost" icon="x" label=${t("code.closeResult")} onClick=${onClose} />
    </div>
    ${report &&
    html`<div class="note bad">
      <span class="grow pre">${report.text}${report.tip && `\n${report.tip}`}</span>
      ${report.line > 0 && html`<${Button} small onClick=${() => onLine(report.line)}>${t("code.line", { line: report.line })}<//>`}
    </div>`}
    ${found.response &&
    html`<${Body} text=${found.response.body ?? ""} type=${contentType(headers)} isBase64=${found.response.isBase64Encoded === true} />`}
    ${lines.length > 0 &&
    html`<${CodeBlock} wrap label=${t("logs.title")} text=${lines.map((one) => `${one.level.padEnd(5)} ${one.message}`).join("\n")} />`}
  </section>`;
}

/** What the test screen sent last, or else the simplest request. @param {string} id */
function lastRequest(id) {
  try {
    const [last] = JSON.parse(read(`perilune-requests:${id}`) ?? "[]");
    return { ...emptyRequest(), ...last };
  } catch {
    return emptyRequest();
  }
}
