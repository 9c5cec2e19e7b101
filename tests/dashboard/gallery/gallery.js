// Every component of js/ui in its states.  For looking at and for tests; it is not shipped.

import { ApiError } from "/js/api.js";
import { html, render, useState } from "/js/lib.js";
import { Badge, EnabledBadge, Id, StatusBadge, TriggerBadge } from "/js/ui/badge.js";
import { Body } from "/js/ui/body.js";
import { Button, CopyButton, LinkButton } from "/js/ui/button.js";
import { Card } from "/js/ui/card.js";
import { Chart } from "/js/ui/chart.js";
import { CodeBlock, JsonBlock } from "/js/ui/code.js";
import { Dialog, Questions, confirm } from "/js/ui/dialog.js";
import { CheckField, FileButton, PasswordField, Segmented, SelectField, TextField } from "/js/ui/field.js";
import { Icon, Logo } from "/js/ui/icon.js";
import { JsonTree } from "/js/ui/json-tree.js";
import { Empty, LoadError, Loaded, Loading } from "/js/ui/state.js";
import { Pagination, Table } from "/js/ui/table.js";
import { Toasts, toast } from "/js/ui/toast.js";

const nothing = () => {};
const KINDS = ["", "primary", "danger", "ghost"];
const TONES = ["", "good", "bad", "warn", "info", "accent"];
const LONG = "a-very-long-word-without-any-place-to-break-it-".repeat(4);
const OPTIONS = [["one", "One"], ["two", "Two"]];

/** @param {{ title: string, children?: any }} props */
const Part = ({ title, children }) => html`<${Card} title=${title}><div class="stack">${children}</div><//>`;

function Buttons() {
  return html`<${Part} title="Button">
    ${KINDS.map((kind) => html`<div class="row" key=${kind}>
      <${Button} kind=${kind}>${kind || "plain"}<//>
      <${Button} kind=${kind} small icon="plus">small<//>
      <${Button} kind=${kind} icon="trash" label=${`icon ${kind}`} />
      <${Button} kind=${kind} disabled>disabled<//>
      <${Button} kind=${kind} busy>busy<//>
      <${Button} kind=${kind} pressed>pressed<//>
      <${LinkButton} kind=${kind} href="#!/">link<//>
    </div>`)}
    <${Button} wide>wide<//>
    <div class="row"><${CopyButton} text="x" /><${FileButton} onFile=${nothing}>file<//></div>
  <//>`;
}

function Marks() {
  return html`<${Part} title="Badge">
    <div class="row">${TONES.map((tone) => html`<${Badge} key=${tone} tone=${tone}>${tone || "plain"}<//>`)}</div>
    <div class="row">${TONES.map((tone) => html`<${Badge} key=${tone} tone=${tone} dot>${tone || "plain"}<//>`)}</div>
    <div class="row">
      ${["success", "error", "pending", "unheard"].map((one) => html`<${StatusBadge} key=${one} status=${one} />`)}
      ${["http", "cron", "test", "replay"].map((one) => html`<${TriggerBadge} key=${one} trigger=${one} />`)}
      <${EnabledBadge} disabled=${false} /><${EnabledBadge} disabled />
      <${Id} id="dc3n0f8lg2fta351v8d0" /><${Id} id="dc3n0f8lg2fta351v8d0" short />
    </div>
    <div class="row"><${Icon} name="globe" /><${Logo} /><kbd>Ctrl K</kbd></div>
  <//>`;
}

function Fields() {
  const [text, setText] = useState("text");
  const [is, setIs] = useState(true);
  const [one, setOne] = useState("one");
  const shared = { value: text, onInput: setText };
  return html`<${Part} title="Fields">
    <${TextField} label="Text" ...${shared} />
    <${TextField} label="With a hint" hint="What it is for" ...${shared} />
    <${TextField} label="With an error" hint="What it is for" error="What is wrong" ...${shared} />
    <${TextField} label="Of several lines" rows=${3} ...${shared} />
    <${TextField} label="Disabled" disabled ...${shared} />
    <${TextField} label="Read only" readOnly mono ...${shared} />
    <${TextField} label="Empty" placeholder="placeholder" value="" onInput=${nothing} />
    <${PasswordField} label="Password" ...${shared} />
    <${SelectField} label="Choice" value=${one} options=${OPTIONS} onChange=${setOne} />
    <${SelectField} label="Wrong choice" error="What is wrong" value=${one} options=${OPTIONS} onChange=${setOne} />
    <${CheckField} label="Check" hint="What it does" checked=${is} onChange=${setIs} />
    <${CheckField} label="Wrong check" error="What is wrong" checked=${is} onChange=${setIs} />
    <${CheckField} label="Disabled check" disabled checked=${is} onChange=${setIs} />
    <${Segmented} label="Side by side" value=${one} options=${OPTIONS} onChange=${setOne} />
  <//>`;
}

function Cards() {
  return html`<${Card} title="Card" subtitle="with everything" actions=${html`<${Button} small>action<//>`} foot=${html`<${Button}>foot<//>`}>
      <p>${LONG}</p>
    <//>
    <${Card} title="Card of warning" kind="warning">warning<//>
    <${Card} title="Card of danger" kind="danger">danger<//>
    ${["", "good", "warn", "bad"].map((one) => html`<p key=${one} class="note ${one}">note ${one}</p>`)}`;
}

const COLUMNS = [
  { id: "name", title: "Name", sortable: true, cell: (/** @type {any} */ row) => row.name },
  { id: "count", title: "Count", end: true, cell: (/** @type {any} */ row) => row.count },
];

function Tables() {
  const [sort, setSort] = useState("name");
  const rows = [{ name: "one", count: 1 }, { name: LONG, count: 1_000_000 }];
  return html`<${Card} title="Table" flush>
    <${Table} caption="Rows" columns=${COLUMNS} rows=${rows} rowKey=${(/** @type {any} */ row) => row.name} sort=${sort} onSort=${setSort} />
    <${Pagination} pagination=${{ total: 57, limit: 20, offset: 20 }} onChange=${nothing} />
  <//>`;
}

function Texts() {
  const json = '{"text":"é","number":1.5,"yes":true,"none":null,"list":[1,2]}';
  return html`<${Part} title="Texts">
    <${CodeBlock} text=${`local x = 1\n${LONG}`} label="Code" />
    <${CodeBlock} text=${LONG} label="Wrapped code" wrap />
    <${JsonBlock} text=${json} label="JSON" />
    <${JsonTree} value=${JSON.parse(json)} label="Tree" />
    <${Body} text=${json} type="application/json" /><${Body} text="plain" type="text/plain" /><${Body} text="" type="" />
  <//>`;
}

const failed = /** @type {any} */ ({ error: new ApiError(0, ""), isLoading: false, reload: nothing });

function States() {
  return html`<${Part} title="States">
    <${Loading} /><${Empty} title="Nothing" text="and why"><${Button}>what to do<//><//>
    <${Loaded} of=${failed}>${nothing}<//>
    <${LoadError} error=${new ApiError(404, "Function not found", null, "function_not_found")} onRetry=${nothing} />
  <//>`;
}

function Graphs() {
  const times = Array.from({ length: 24 }, (_, at) => 1_767_225_600 + at * 3600);
  const series = [
    { label: "Executions", colour: "--accent", values: times.map((_, at) => at * at), fill: true },
    { label: "Errors", colour: "--bad", values: times.map((_, at) => (at % 5 ? 0 : at)) },
  ];
  return html`<${Part} title="Chart"><${Chart} label="Executions and errors" times=${times} series=${series} format=${String} /><//>`;
}

function Overlays() {
  const [isOpen, setOpen] = useState(false);
  const ask = () => confirm({ title: "Delete it?", text: "It is gone then.", confirm: "Delete", danger: true, typed: "it" });
  const foot = html`<${Button} onClick=${() => setOpen(false)}>done<//>`;
  return html`<${Part} title="Overlays">
    <div class="row">
      <${Button} onClick=${() => setOpen(true)}>open dialog<//>
      <${Button} onClick=${ask}>ask<//>
      <${Button} onClick=${() => ["good", "bad", "warn", "info"].forEach((one) => toast(/** @type {any} */ (one), one))}>toasts<//>
    </div>
    ${isOpen && html`<${Dialog} title="A dialog" onClose=${() => setOpen(false)} foot=${foot}>${LONG}<//>`}
  <//>`;
}

function Gallery() {
  return html`<div class="screen">
    <h1>Components</h1>
    <${Buttons} /><${Marks} /><${Fields} /><${Cards} /><${Tables} /><${Texts} /><${States} /><${Graphs} /><${Overlays} />
    <${Questions} /><${Toasts} />
  </div>`;
}

render(html`<${Gallery} />`, /** @type {HTMLElement} */ (document.getElementById("app")));
