// Who may use the management API: tokens of programs, sessions of people.

import { get, post, remove } from "../api.js";
import { errorText, fieldError } from "../errors.js";
import { absoluteTime, relativeTime } from "../format.js";
import { t } from "../i18n.js";
import { html, useState } from "../lib.js";
import { useAction, useResource } from "../resource.js";
import { Badge } from "../ui/badge.js";
import { Button, CopyButton } from "../ui/button.js";
import { Card } from "../ui/card.js";
import { Dialog, confirm } from "../ui/dialog.js";
import { CheckField, SelectField, TextField } from "../ui/field.js";
import { Empty, Loaded } from "../ui/state.js";
import { Pagination, Table } from "../ui/table.js";
import { toast } from "../ui/toast.js";

const DAY_S = 86_400;
const SCOPES = ["read", "invoke", "deploy", "admin"];
const LIFETIMES = /** @type {const} */ ([["", "tokens.never"], ["30", "tokens.days30"], ["90", "tokens.days90"], ["365", "tokens.days365"]]);

/** @param {import("../routes.js").ScreenProps} _props */
export default function Tokens(_props) {
  return html`<div class="screen">
    <div><h1>${t("tokens.title")}</h1><p class="subtitle">${t("tokens.subtitle")}</p></div>
    <${TokenList} /><${SessionList} />
  </div>`;
}

function TokenList() {
  const [page, setPage] = useState({ limit: 20, offset: 0 });
  const [isMaking, setMaking] = useState(false);
  const list = useResource((signal) => get("/api/tokens", { query: page, signal }), [page.limit, page.offset]);
  const revoke = async (/** @type {any} */ one) => {
    const question = { title: t("tokens.revoke", { name: one.name }), text: t("tokens.revokeText"), confirm: t("tokens.revokeButton"), danger: true };
    if (!(await confirm(question))) return;
    await attempt(() => remove(`/api/tokens/${one.id}`), t("tokens.revoked", { name: one.name }));
    void list.reload();
  };
  const columns = [
    { id: "name", title: t("functions.name"), cell: (/** @type {any} */ one) => html`<strong>${one.name}</strong>` },
    {
      id: "scopes",
      title: t("tokens.scopes"),
      cell: (/** @type {any} */ one) => html`<span class="row">${one.scopes.map((/** @type {string} */ scope) => html`<${Badge} key=${scope}>${scope}<//>`)}</span>`,
    },
    { id: "created", title: t("tokens.created"), cell: (/** @type {any} */ one) => moment(one.created_at) },
    { id: "used", title: t("tokens.lastUse"), cell: (/** @type {any} */ one) => (one.last_used_at ? moment(one.last_used_at) : t("tokens.unused")) },
    { id: "expires", title: t("tokens.expires"), cell: (/** @type {any} */ one) => (one.expires_at ? moment(one.expires_at) : t("tokens.never")) },
    {
      id: "actions",
      title: t("versions.actions"),
      hideTitle: true,
      end: true,
      cell: (/** @type {any} */ one) => html`<${Button} small kind="danger" onClick=${() => revoke(one)}>${t("tokens.revokeButton")}<//>`,
    },
  ];
  const actions = html`<${Button} kind="primary" icon="plus" onClick=${() => setMaking(true)}>${t("tokens.new")}<//>`;
  return html`<${Card} title=${t("tokens.list")} subtitle=${t("tokens.listText")} flush actions=${actions}>
      <${Loaded} of=${list}>
        ${(/** @type {any} */ { tokens, pagination }) =>
          tokens.length === 0
            ? html`<${Empty} title=${t("tokens.none")} />`
            : html`<${Table} caption=${t("tokens.list")} columns=${columns} rows=${tokens} rowKey=${(/** @type {any} */ one) => one.id} />
                <${Pagination} pagination=${pagination} onChange=${setPage} />`}
      <//>
    <//>
    ${isMaking && html`<${NewToken} onClose=${() => setMaking(false)} onMade=${list.reload} />`}`;
}

/** @param {{ onClose: () => void, onMade: () => void }} props */
function NewToken({ onClose, onMade }) {
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState(["read"]);
  const [days, setDays] = useState("90");
  const [error, setError] = useState("");
  const [token, setToken] = useState("");
  const [isBusy, make] = useAction(async () => {
    try {
      const lifetime = days ? { expires_in: Number(days) * DAY_S } : {};
      setToken((await post("/api/tokens", { name, scopes, ...lifetime })).token);
      onMade();
    } catch (problem) {
      setError(fieldError(problem));
    }
  });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    setError("");
    void make();
  };
  if (token) {
    return html`<${Dialog} title=${t("tokens.made")} onClose=${onClose} foot=${html`<${Button} kind="primary" onClick=${onClose}>${t("tokens.kept")}<//>`}>
      <div class="stack">
        <p class="note warn">${t("tokens.once")}</p>
        <div class="with-button"><code class="code grow" tabindex="0">${token}</code><${CopyButton} text=${token} what=${t("tokens.token")} /></div>
      </div>
    <//>`;
  }
  const toggle = (/** @type {string} */ scope) => (/** @type {boolean} */ isOn) =>
    setScopes(SCOPES.filter((one) => (one === scope ? isOn : scopes.includes(one))));
  return html`<${Dialog} title=${t("tokens.new")} onClose=${onClose}>
    <form class="stack" onSubmit=${submit}>
      <${TextField} label=${t("functions.name")} value=${name} onInput=${setName} required focus maxLength=${100}
        hint=${t("tokens.nameHint")} error=${error} autocomplete="off" />
      <fieldset class="plain stack-s"><legend class="legend">${t("tokens.scopes")}</legend>
        ${SCOPES.map(
          (scope) => html`<${CheckField} key=${scope} label=${scope} hint=${t(/** @type {any} */ (`scope.${scope}`))}
            checked=${scopes.includes(scope)} onChange=${toggle(scope)} />`,
        )}
      </fieldset>
      <${SelectField} label=${t("tokens.expires")} value=${days} onChange=${setDays} options=${LIFETIMES.map(([value, key]) => [value, t(key)])} />
      <div class="actions">
        <${Button} kind="primary" type="submit" busy=${isBusy} disabled=${!name.trim() || scopes.length === 0}>${t("tokens.create")}<//>
        <${Button} onClick=${onClose}>${t("dialog.cancel")}<//>
      </div>
    </form>
  <//>`;
}

function SessionList() {
  const list = useResource((signal) => get("/api/auth/sessions", { query: { limit: 100 }, signal }), []);
  const end = async (/** @type {any} */ one) => {
    await attempt(() => remove(`/api/auth/sessions/${one.id}`), t("sessions.ended"));
    void list.reload();
  };
  const columns = [
    {
      id: "agent",
      title: t("sessions.browser"),
      cell: (/** @type {any} */ one) => html`<div>
        <span class="row">${browserName(one.user_agent)}${one.current && html`<${Badge} tone="good">${t("sessions.current")}<//>`}</span>
        <div class="hint truncate error-line" title=${one.user_agent}>${one.address || "–"}</div>
      </div>`,
    },
    { id: "created", title: t("sessions.began"), cell: (/** @type {any} */ one) => moment(one.created_at) },
    { id: "used", title: t("tokens.lastUse"), cell: (/** @type {any} */ one) => moment(one.last_used_at) },
    { id: "expires", title: t("tokens.expires"), cell: (/** @type {any} */ one) => moment(one.expires_at) },
    {
      id: "actions",
      title: t("versions.actions"),
      hideTitle: true,
      end: true,
      cell: (/** @type {any} */ one) => !one.current && html`<${Button} small kind="danger" onClick=${() => end(one)}>${t("sessions.end")}<//>`,
    },
  ];
  return html`<${Card} title=${t("sessions.title")} subtitle=${t("sessions.subtitle")} flush>
    <${Loaded} of=${list}>
      ${(/** @type {any} */ { sessions }) =>
        sessions.length === 0
          ? html`<${Empty} title=${t("sessions.none")} />`
          : html`<${Table} caption=${t("sessions.title")} columns=${columns} rows=${sessions} rowKey=${(/** @type {any} */ one) => one.id} />`}
    <//>
  <//>`;
}

const BROWSERS = ["Edg", "OPR", "Firefox", "Chrome", "Safari"];
const NAMES = /** @type {Record<string, string>} */ ({ Edg: "Edge", OPR: "Opera" });
const SYSTEMS = ["Windows", "Android", "iPhone", "iPad", "Mac OS", "CrOS", "Linux"];

/**
 * What a browser calls itself, in short.
 *
 * @param {string} agent
 */
function browserName(agent) {
  const browser = BROWSERS.find((one) => agent.includes(`${one}/`));
  const system = SYSTEMS.find((one) => agent.includes(one));
  return browser ? [NAMES[browser] ?? browser, system].filter(Boolean).join(" · ") : agent || "–";
}

/** @param {number} seconds */
const moment = (seconds) => html`<span class="nowrap" title=${absoluteTime(seconds)}>${relativeTime(seconds)}</span>`;

/**
 * @param {() => Promise<unknown>} work
 * @param {string} done
 */
async function attempt(work, done) {
  try {
    await work();
    toast("good", done);
  } catch (problem) {
    toast("bad", errorText(problem));
  }
}
