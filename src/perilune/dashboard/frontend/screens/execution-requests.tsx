// What an execution asked of AI providers, and the e-mails it sent.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { AiRequest, EmailRequest, Page, TrackedRequest } from "../answers.ts";
import { get } from "../api.ts";
import { duration, number, time } from "../format.ts";
import { t } from "../i18n.ts";
import { useResource } from "../resource.ts";
import { Badge, StatusBadge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { JsonBlock } from "../ui/code.tsx";
import { LoadError } from "../ui/state.tsx";
import { Pagination } from "../ui/table.tsx";
import { Cost, CostSum, PricesButton } from "./execution-prices.tsx";

export function AiRequests({ id }: { id: string }) {
  return <Requests path={`/api/executions/${id}/ai-requests`} member="ai_requests" title={t("ai.title")}
    count={(count) => t("ai.count", { count })} head={aiHead} facts={aiFacts}
    Sum={CostSum} Actions={PricesButton} />;
}

export function EmailRequests({ id }: { id: string }) {
  return <Requests path={`/api/executions/${id}/email-requests`} member="email_requests" title={t("email.title")}
    count={(count) => t("email.count", { count })} head={emailHead} facts={emailFacts} />;
}

type Fact = [name: string, value: string];
type Member = "ai_requests" | "email_requests";

/** A component that gets the requests. */
type RequestsView<R> = (props: { requests: R[] }) => ComponentChildren;

function Requests<R extends TrackedRequest>({ path, member, title, count, head, facts, Sum, Actions }: {
  path: string;
  member: Member;
  title: string;
  count: (count: number) => string;
  head: (one: R) => ComponentChildren;
  facts: (one: R) => Fact[];
  Sum?: RequestsView<R>;
  Actions?: RequestsView<R>;
}) {
  const [page, setPage] = useState({ limit: 20, offset: 0 });
  const list = useResource((signal) => get<Page<Member, R>>(path, { query: page, signal }), [path, page.limit, page.offset]);
  if (list.error) return <Card title={title}><LoadError error={list.error} onRetry={list.reload} /></Card>;
  if (!list.data || list.data.pagination.total === 0) return null;
  const requests = list.data[member];
  // A sum of one part of them would pass for that of all.
  const isWhole = requests.length === list.data.pagination.total;
  const subtitle = <>{count(list.data.pagination.total)}{Sum && isWhole && <Sum requests={requests} />}</>;
  const tools = Actions && <Actions requests={requests} />;
  return <Card title={title} subtitle={subtitle} actions={tools} flush>
    <ul class="requests">
      {requests.map((one) => <Request key={one.id} one={one} head={head} facts={facts} />)}
    </ul>
    <Pagination pagination={list.data.pagination} onChange={setPage} />
  </Card>;
}

function Request<R extends TrackedRequest>({ one, head, facts }: {
  one: R;
  head: (one: R) => ComponentChildren;
  facts: (one: R) => Fact[];
}) {
  const [isOpen, setOpen] = useState(false);
  return <li>
    <div class="request-head">
      <Button small kind="ghost" icon={isOpen ? "chevronDown" : "chevronRight"} expanded={isOpen}
        label={t("requests.details")} onClick={() => setOpen(!isOpen)} />
      {head(one)}
      <StatusBadge status={one.status} />
      <span class="nowrap muted">{duration(one.duration_ms)}</span>
      <span class="nowrap muted">{time(one.created_at)}</span>
    </div>
    {isOpen &&
    <div class="stack request-body">
      {one.error_message && <p class="note bad">{one.error_message}</p>}
      <dl class="facts">
        {facts(one).map(([name, value]) => <><dt key={name}>{name}</dt><dd class="mono">{value}</dd></>)}
      </dl>
      <div class="columns">
        <div class="stack-s"><h3>{t("requests.request")}</h3>
          <Stored text={one.request_json} label={t("requests.request")} /></div>
        <div class="stack-s"><h3>{t("requests.response")}</h3>
          <Stored text={one.response_json} label={t("requests.response")} /></div>
      </div>
    </div>}
  </li>;
}

const Stored = ({ text, label }: { text: string | undefined; label: string }) =>
  text ? <JsonBlock text={text} label={label} /> : <p class="muted">{t("requests.nothing")}</p>;

function aiHead(one: AiRequest) {
  const tokens = one.input_tokens === undefined && one.output_tokens === undefined;
  return <><Badge tone="accent">{one.provider}</Badge>
    <span class="mono grow truncate">{one.model}</span>
    <span class="nowrap muted">{tokens ? "–" : t("ai.tokens", { input: number(one.input_tokens ?? 0), output: number(one.output_tokens ?? 0) })}</span>
    <Cost one={one} /></>;
}

const aiFacts = (one: AiRequest): Fact[] => [[t("ai.endpoint"), one.endpoint || "–"]];

/** To whom; a record of another program need not have a list. */
const recipients = (one: EmailRequest) => [one.to ?? []].flat().map(String);

function emailHead(one: EmailRequest) {
  const [first = "–", ...others] = recipients(one);
  const kind = [one.has_html && "HTML", one.has_text && t("email.text")].filter(Boolean).join(" + ");
  return <><span class="mono truncate">{first}{others.length ? ` (+${others.length})` : ""}</span>
    <span class="grow truncate">{one.subject}</span>
    <Badge>{kind || "–"}</Badge></>;
}

const emailFacts = (one: EmailRequest): Fact[] => [
  [t("email.from"), one.from],
  [t("email.to"), recipients(one).join(", ") || "–"],
  [t("email.id"), one.email_id ?? "–"],
];
