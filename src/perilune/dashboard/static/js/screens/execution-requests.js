// What an execution asked of AI providers, and the e-mails it sent.

import { get } from "../api.js";
import { duration, number, time } from "../format.js";
import { t } from "../i18n.js";
import { html, useState } from "../lib.js";
import { useResource } from "../resource.js";
import { Badge, StatusBadge } from "../ui/badge.js";
import { Button } from "../ui/button.js";
import { Card } from "../ui/card.js";
import { JsonBlock } from "../ui/code.js";
import { LoadError } from "../ui/state.js";
import { Pagination } from "../ui/table.js";
import { Cost, CostSum, PricesButton } from "./execution-prices.js";

/** @param {{ id: string }} props */
export function AiRequests({ id }) {
  return html`<${Requests} path="/api/executions/${id}/ai-requests" member="ai_requests" title=${t("ai.title")}
    count=${(/** @type {number} */ count) => t("ai.count", { count })} head=${aiHead} facts=${aiFacts}
    sum=${CostSum} actions=${PricesButton} />`;
}

/** @param {{ id: string }} props */
export function EmailRequests({ id }) {
  return html`<${Requests} path="/api/executions/${id}/email-requests" member="email_requests" title=${t("email.title")}
    count=${(/** @type {number} */ count) => t("email.count", { count })} head=${emailHead} facts=${emailFacts} />`;
}

/**
 * @param {{
 *   path: string,
 *   member: string,
 *   title: string,
 *   count: (count: number) => string,
 *   head: (one: any) => any,
 *   facts: (one: any) => [string, any][],
 *   sum?: any,
 *   actions?: any,
 * }} props  *sum* and *actions* are components that get the requests
 */
function Requests({ path, member, title, count, head, facts, sum, actions }) {
  const [page, setPage] = useState({ limit: 20, offset: 0 });
  const list = useResource((signal) => get(path, { query: page, signal }), [path, page.limit, page.offset]);
  if (list.error) return html`<${Card} title=${title}><${LoadError} error=${list.error} onRetry=${list.reload} /><//>`;
  if (!list.data || list.data.pagination.total === 0) return null;
  /** @type {any[]} */
  const requests = list.data[member];
  // A sum of one part of them would pass for that of all.
  const isWhole = requests.length === list.data.pagination.total;
  const subtitle = html`${count(list.data.pagination.total)}${sum && isWhole && html`<${sum} requests=${requests} />`}`;
  const tools = actions && html`<${actions} requests=${requests} />`;
  return html`<${Card} title=${title} subtitle=${subtitle} actions=${tools} flush>
    <ul class="requests">
      ${requests.map((/** @type {any} */ one) => html`<${Request} key=${one.id} one=${one} head=${head} facts=${facts} />`)}
    </ul>
    <${Pagination} pagination=${list.data.pagination} onChange=${setPage} />
  <//>`;
}

/** @param {{ one: any, head: (one: any) => any, facts: (one: any) => [string, any][] }} props */
function Request({ one, head, facts }) {
  const [isOpen, setOpen] = useState(false);
  return html`<li>
    <div class="request-head">
      <${Button} small kind="ghost" icon=${isOpen ? "chevronDown" : "chevronRight"} expanded=${isOpen}
        label=${t("requests.details")} onClick=${() => setOpen(!isOpen)} />
      ${head(one)}
      <${StatusBadge} status=${one.status} />
      <span class="nowrap muted">${duration(one.duration_ms)}</span>
      <span class="nowrap muted">${time(one.created_at)}</span>
    </div>
    ${isOpen &&
    html`<div class="stack request-body">
      ${one.error_message && html`<p class="note bad">${one.error_message}</p>`}
      <dl class="facts">
        ${facts(one).map(([name, value]) => html`<dt key=${name}>${name}</dt><dd class="mono">${value}</dd>`)}
      </dl>
      <div class="columns">
        <div class="stack-s"><h3>${t("requests.request")}</h3>
          <${Stored} text=${one.request_json} label=${t("requests.request")} /></div>
        <div class="stack-s"><h3>${t("requests.response")}</h3>
          <${Stored} text=${one.response_json} label=${t("requests.response")} /></div>
      </div>
    </div>`}
  </li>`;
}

/** @param {{ text: string | undefined, label: string }} props */
const Stored = ({ text, label }) =>
  text ? html`<${JsonBlock} text=${text} label=${label} />` : html`<p class="muted">${t("requests.nothing")}</p>`;

/** @param {any} one */
function aiHead(one) {
  const tokens = one.input_tokens === undefined && one.output_tokens === undefined;
  return html`<${Badge} tone="accent">${one.provider}<//>
    <span class="mono grow truncate">${one.model}</span>
    <span class="nowrap muted">${tokens ? "–" : t("ai.tokens", { input: number(one.input_tokens ?? 0), output: number(one.output_tokens ?? 0) })}</span>
    <${Cost} one=${one} />`;
}

/**
 * @param {any} one
 * @returns {[string, any][]}
 */
const aiFacts = (one) => [[t("ai.endpoint"), one.endpoint || "–"]];

/** To whom; a record of another program need not have a list. @param {any} one @returns {string[]} */
const recipients = (one) => [one.to ?? []].flat().map(String);

/** @param {any} one */
function emailHead(one) {
  const [first = "–", ...others] = recipients(one);
  const kind = [one.has_html && "HTML", one.has_text && t("email.text")].filter(Boolean).join(" + ");
  return html`<span class="mono truncate">${first}${others.length ? ` (+${others.length})` : ""}</span>
    <span class="grow truncate">${one.subject}</span>
    <${Badge}>${kind || "–"}<//>`;
}

/**
 * @param {any} one
 * @returns {[string, any][]}
 */
const emailFacts = (one) => [
  [t("email.from"), one.from],
  [t("email.to"), recipients(one).join(", ") || "–"],
  [t("email.id"), one.email_id ?? "–"],
];
