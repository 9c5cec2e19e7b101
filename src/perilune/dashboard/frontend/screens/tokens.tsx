// Who may use the management API: tokens of programs, sessions of people.

import { useState } from "preact/hooks";
import type { LoginSession, Page, Token } from "../answers.ts";
import { get, post, remove } from "../api.ts";
import { errorText, fieldError } from "../errors.ts";
import { absoluteTime, relativeTime } from "../format.ts";
import { t } from "../i18n.ts";
import { useAction, useResource } from "../resource.ts";
import type { ScreenProps } from "../routes.ts";
import { Badge } from "../ui/badge.tsx";
import { Button, CopyButton } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { Dialog, confirm } from "../ui/dialog.tsx";
import { CheckField, SelectField, TextField } from "../ui/field.tsx";
import { Empty, Loaded } from "../ui/state.tsx";
import { Pagination, Table, type Column } from "../ui/table.tsx";
import { toast } from "../ui/toast.tsx";

const DAY_S = 86_400;
const SCOPES = ["read", "metrics", "invoke", "deploy", "admin"] as const;
const LIFETIMES = [["", "tokens.never"], ["30", "tokens.days30"], ["90", "tokens.days90"], ["365", "tokens.days365"]] as const;

export default function Tokens(_props: ScreenProps) {
  return <div class="screen">
    <div><h1>{t("tokens.title")}</h1><p class="subtitle">{t("tokens.subtitle")}</p></div>
    <TokenList /><SessionList />
  </div>;
}

function TokenList() {
  const [page, setPage] = useState({ limit: 20, offset: 0 });
  const [isMaking, setMaking] = useState(false);
  const list = useResource((signal) => get<Page<"tokens", Token>>("/api/tokens", { query: page, signal }), [page.limit, page.offset]);
  const revoke = async (one: Token) => {
    const question = { title: t("tokens.revoke", { name: one.name }), text: t("tokens.revokeText"), confirm: t("tokens.revokeButton"), danger: true };
    if (!(await confirm(question))) return;
    await attempt(() => remove(`/api/tokens/${one.id}`), t("tokens.revoked", { name: one.name }));
    void list.reload();
  };
  const columns: Column<Token>[] = [
    { id: "name", title: t("functions.name"), cell: (one) => <strong>{one.name}</strong> },
    {
      id: "scopes",
      title: t("tokens.scopes"),
      cell: (one) => <span class="row">{one.scopes.map((scope: string) => <Badge key={scope}>{scope}</Badge>)}</span>,
    },
    { id: "created", title: t("tokens.created"), cell: (one) => moment(one.created_at) },
    { id: "used", title: t("tokens.lastUse"), cell: (one) => (one.last_used_at ? moment(one.last_used_at) : t("tokens.unused")) },
    { id: "expires", title: t("tokens.expires"), cell: (one) => (one.expires_at ? moment(one.expires_at) : t("tokens.never")) },
    {
      id: "actions",
      title: t("versions.actions"),
      hideTitle: true,
      end: true,
      cell: (one) => <Button small kind="danger" onClick={() => revoke(one)}>{t("tokens.revokeButton")}</Button>,
    },
  ];
  const actions = <Button kind="primary" icon="plus" onClick={() => setMaking(true)}>{t("tokens.new")}</Button>;
  return <><Card title={t("tokens.list")} subtitle={t("tokens.listText")} flush actions={actions}>
      <Loaded of={list}>
        {({ tokens, pagination }) =>
          tokens.length === 0
            ? <Empty title={t("tokens.none")} />
            : <><Table caption={t("tokens.list")} columns={columns} rows={tokens} rowKey={(one) => one.id} />
                <Pagination pagination={pagination} onChange={setPage} /></>}
      </Loaded>
    </Card>
    {isMaking && <NewToken onClose={() => setMaking(false)} onMade={list.reload} />}</>;
}

function NewToken({ onClose, onMade }: { onClose: () => void; onMade: () => void }) {
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState(["read"]);
  const [days, setDays] = useState("90");
  const [error, setError] = useState("");
  const [token, setToken] = useState("");
  const [isBusy, make] = useAction(async () => {
    try {
      const lifetime = days ? { expires_in: Number(days) * DAY_S } : {};
      setToken((await post<{ token: string }>("/api/tokens", { name, scopes, ...lifetime })).token);
      onMade();
    } catch (problem) {
      setError(fieldError(problem));
    }
  });
  const submit = (event: Event) => {
    event.preventDefault();
    setError("");
    void make();
  };
  if (token) {
    return <Dialog title={t("tokens.made")} onClose={onClose} foot={<Button kind="primary" onClick={onClose}>{t("tokens.kept")}</Button>}>
      <div class="stack">
        <p class="note warn">{t("tokens.once")}</p>
        <div class="with-button"><code class="code grow" tabindex={0}>{token}</code><CopyButton text={token} what={t("tokens.token")} /></div>
      </div>
    </Dialog>;
  }
  const toggle = (scope: string) => (isOn: boolean) =>
    setScopes(SCOPES.filter((one) => (one === scope ? isOn : scopes.includes(one))));
  return <Dialog title={t("tokens.new")} onClose={onClose}>
    <form class="stack" onSubmit={submit}>
      <TextField label={t("functions.name")} value={name} onInput={setName} required focus maxLength={100}
        hint={t("tokens.nameHint")} error={error} autocomplete="off" />
      <fieldset class="plain stack-s"><legend class="legend">{t("tokens.scopes")}</legend>
        {SCOPES.map(
          (scope) => <CheckField key={scope} label={scope} hint={t(`scope.${scope}`)}
            checked={scopes.includes(scope)} onChange={toggle(scope)} />,
        )}
      </fieldset>
      <SelectField label={t("tokens.expires")} value={days} onChange={setDays} options={LIFETIMES.map(([value, key]) => [value, t(key)])} />
      <div class="actions">
        <Button kind="primary" type="submit" busy={isBusy} disabled={!name.trim() || scopes.length === 0}>{t("tokens.create")}</Button>
        <Button onClick={onClose}>{t("dialog.cancel")}</Button>
      </div>
    </form>
  </Dialog>;
}

function SessionList() {
  const list = useResource((signal) => get<{ sessions: LoginSession[] }>("/api/auth/sessions", { query: { limit: 100 }, signal }), []);
  const end = async (one: LoginSession) => {
    await attempt(() => remove(`/api/auth/sessions/${one.id}`), t("sessions.ended"));
    void list.reload();
  };
  const columns: Column<LoginSession>[] = [
    {
      id: "agent",
      title: t("sessions.browser"),
      cell: (one) => <div>
        <span class="row">{browserName(one.user_agent)}{one.current && <Badge tone="good">{t("sessions.current")}</Badge>}</span>
        <div class="hint truncate error-line" title={one.user_agent}>{one.address || "–"}</div>
      </div>,
    },
    { id: "created", title: t("sessions.began"), cell: (one) => moment(one.created_at) },
    { id: "used", title: t("tokens.lastUse"), cell: (one) => moment(one.last_used_at) },
    { id: "expires", title: t("tokens.expires"), cell: (one) => moment(one.expires_at) },
    {
      id: "actions",
      title: t("versions.actions"),
      hideTitle: true,
      end: true,
      cell: (one) => !one.current && <Button small kind="danger" onClick={() => end(one)}>{t("sessions.end")}</Button>,
    },
  ];
  return <Card title={t("sessions.title")} subtitle={t("sessions.subtitle")} flush>
    <Loaded of={list}>
      {({ sessions }) =>
        sessions.length === 0
          ? <Empty title={t("sessions.none")} />
          : <Table caption={t("sessions.title")} columns={columns} rows={sessions} rowKey={(one) => one.id} />}
    </Loaded>
  </Card>;
}

const BROWSERS = ["Edg", "OPR", "Firefox", "Chrome", "Safari"];
const NAMES = { Edg: "Edge", OPR: "Opera" } as Record<string, string>;
const SYSTEMS = ["Windows", "Android", "iPhone", "iPad", "Mac OS", "CrOS", "Linux"];

/** What a browser calls itself, in short. */
function browserName(agent: string) {
  const browser = BROWSERS.find((one) => agent.includes(`${one}/`));
  const system = SYSTEMS.find((one) => agent.includes(one));
  return browser ? [NAMES[browser] ?? browser, system].filter(Boolean).join(" · ") : agent || "–";
}

const moment = (seconds: number) => <span class="nowrap" title={absoluteTime(seconds)}>{relativeTime(seconds)}</span>;

async function attempt(work: () => Promise<unknown>, done: string) {
  try {
    await work();
    toast("good", done);
  } catch (problem) {
    toast("bad", errorText(problem));
  }
}
