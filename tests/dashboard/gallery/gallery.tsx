// Every component of ui in its states.  For looking at and for tests; it is not shipped.

import { render } from "preact";
import { useState } from "preact/hooks";
import { ApiError } from "#dashboard/api.ts";
import { Badge, CallPath, EnabledBadge, Id, StatusBadge, TriggerBadge } from "#dashboard/ui/badge.tsx";
import { Body } from "#dashboard/ui/body.tsx";
import { Button, CopyButton, LinkButton } from "#dashboard/ui/button.tsx";
import { Card } from "#dashboard/ui/card.tsx";
import { Chart } from "#dashboard/ui/chart.tsx";
import { CodeBlock, JsonBlock } from "#dashboard/ui/code.tsx";
import { Dialog, Questions, confirm } from "#dashboard/ui/dialog.tsx";
import { CheckField, FileButton, PasswordField, Segmented, SelectField, TextField, type Option } from "#dashboard/ui/field.tsx";
import { Icon, Logo } from "#dashboard/ui/icon.tsx";
import { JsonTree } from "#dashboard/ui/json-tree.tsx";
import { Empty, LoadError, Loaded, Loading } from "#dashboard/ui/state.tsx";
import { Pagination, Table } from "#dashboard/ui/table.tsx";
import { Toasts, toast } from "#dashboard/ui/toast.tsx";

const nothing = () => null;
const KINDS = ["", "primary", "danger", "ghost"] as const;
const TONES = ["", "good", "bad", "warn", "info", "accent"] as const;
const LONG = "a-very-long-word-without-any-place-to-break-it-".repeat(4);
const OPTIONS: Option[] = [["one", "One"], ["two", "Two"]];

const Part = ({ title, children }: { title: string; children?: any }) => <Card title={title}><div class="stack">{children}</div></Card>;

function Buttons() {
  return <Part title="Button">
    {KINDS.map((kind) => <div class="row" key={kind}>
      <Button kind={kind}>{kind || "plain"}</Button>
      <Button kind={kind} small icon="plus">small</Button>
      <Button kind={kind} icon="trash" label={`icon ${kind}`} />
      <Button kind={kind} disabled>disabled</Button>
      <Button kind={kind} busy>busy</Button>
      <Button kind={kind} pressed>pressed</Button>
      <LinkButton kind={kind} href="#!/">link</LinkButton>
    </div>)}
    <Button wide>wide</Button>
    <div class="row"><CopyButton text="x" /><FileButton onFile={nothing}>file</FileButton></div>
  </Part>;
}

function Marks() {
  return <Part title="Badge">
    <div class="row">{TONES.map((tone) => <Badge key={tone} tone={tone}>{tone || "plain"}</Badge>)}</div>
    <div class="row">{TONES.map((tone) => <Badge key={tone} tone={tone} dot>{tone || "plain"}</Badge>)}</div>
    <div class="row">
      {["success", "error", "pending", "unheard"].map((one) => <StatusBadge key={one} status={one} />)}
      {["http", "cron", "test", "replay"].map((one) => <TriggerBadge key={one} trigger={one} />)}
      <EnabledBadge disabled={false} /><EnabledBadge disabled />
      <Id id="dc3n0f8lg2fta351v8d0" /><Id id="dc3n0f8lg2fta351v8d0" short />
      <CallPath of={{ id: "dc3n0f8lg2fta351v8d0", url: "/fn/hello", address: "hello" }} />
    </div>
    <div class="row"><Icon name="globe" /><Logo /><kbd>Ctrl K</kbd></div>
  </Part>;
}

function Fields() {
  const [text, setText] = useState("text");
  const [is, setIs] = useState(true);
  const [one, setOne] = useState("one");
  const shared = { value: text, onInput: setText };
  return <Part title="Fields">
    <TextField label="Text" {...shared} />
    <TextField label="With a hint" hint="What it is for" {...shared} />
    <TextField label="With an error" hint="What it is for" error="What is wrong" {...shared} />
    <TextField label="Of several lines" rows={3} {...shared} />
    <TextField label="Disabled" disabled {...shared} />
    <TextField label="Read only" readOnly mono {...shared} />
    <TextField label="Empty" placeholder="placeholder" value="" onInput={nothing} />
    <PasswordField label="Password" {...shared} />
    <SelectField label="Choice" value={one} options={OPTIONS} onChange={setOne} />
    <SelectField label="Wrong choice" error="What is wrong" value={one} options={OPTIONS} onChange={setOne} />
    <CheckField label="Check" hint="What it does" checked={is} onChange={setIs} />
    <CheckField label="Wrong check" error="What is wrong" checked={is} onChange={setIs} />
    <CheckField label="Disabled check" disabled checked={is} onChange={setIs} />
    <Segmented label="Side by side" value={one} options={OPTIONS} onChange={setOne} />
  </Part>;
}

function Cards() {
  return <><Card title="Card" subtitle="with everything" actions={<Button small>action</Button>} foot={<Button>foot</Button>}>
      <p>{LONG}</p>
    </Card>
    <Card title="Card of warning" kind="warning">warning</Card>
    <Card title="Card of danger" kind="danger">danger</Card>
    {["", "good", "warn", "bad"].map((one) => <p key={one} class={`note ${one}`}>note {one}</p>)}</>;
}

const COLUMNS = [
  { id: "name", title: "Name", sortable: true, cell: (row: any) => row.name },
  { id: "count", title: "Count", end: true, cell: (row: any) => row.count },
];

function Tables() {
  const [sort, setSort] = useState("name");
  const rows = [{ name: "one", count: 1 }, { name: LONG, count: 1_000_000 }];
  return <Card title="Table" flush>
    <Table caption="Rows" columns={COLUMNS} rows={rows} rowKey={(row: any) => row.name} sort={sort} onSort={setSort} />
    <Pagination pagination={{ total: 57, limit: 20, offset: 20 }} onChange={nothing} />
  </Card>;
}

function Texts() {
  const json = '{"text":"é","number":1.5,"yes":true,"none":null,"list":[1,2]}';
  return <Part title="Texts">
    <CodeBlock text={`local x = 1\n${LONG}`} label="Code" />
    <CodeBlock text={LONG} label="Wrapped code" wrap />
    <JsonBlock text={json} label="JSON" />
    <JsonTree value={JSON.parse(json)} label="Tree" />
    <Body text={json} type="application/json" /><Body text="plain" type="text/plain" /><Body text="" type="" />
  </Part>;
}

const failed = { error: new ApiError(0, ""), isLoading: false, reload: nothing } as any;

function States() {
  return <Part title="States">
    <Loading /><Empty title="Nothing" text="and why"><Button>what to do</Button></Empty>
    <Loaded of={failed}>{nothing}</Loaded>
    <LoadError error={new ApiError(404, "Function not found", null, "function_not_found")} onRetry={nothing} />
  </Part>;
}

function Graphs() {
  const times = Array.from({ length: 24 }, (_, at) => 1_767_225_600 + at * 3600);
  const series = [
    { label: "Executions", colour: "--accent", values: times.map((_, at) => at * at), fill: true },
    { label: "Errors", colour: "--bad", values: times.map((_, at) => (at % 5 ? 0 : at)) },
  ];
  return <Part title="Chart"><Chart label="Executions and errors" times={times} series={series} format={String} /></Part>;
}

function Overlays() {
  const [isOpen, setOpen] = useState(false);
  const ask = () => confirm({ title: "Delete it?", text: "It is gone then.", confirm: "Delete", danger: true, typed: "it" });
  const foot = <Button onClick={() => setOpen(false)}>done</Button>;
  return <Part title="Overlays">
    <div class="row">
      <Button onClick={() => setOpen(true)}>open dialog</Button>
      <Button onClick={ask}>ask</Button>
      <Button onClick={() => ["good", "bad", "warn", "info"].forEach((one) => toast(one as any, one))}>toasts</Button>
    </div>
    {isOpen && <Dialog title="A dialog" onClose={() => setOpen(false)} foot={foot}>{LONG}</Dialog>}
  </Part>;
}

function Gallery() {
  return <div class="screen">
    <h1>Components</h1>
    <Buttons /><Marks /><Fields /><Cards /><Tables /><Texts /><States /><Graphs /><Overlays />
    <Questions /><Toasts />
  </div>;
}

render(<Gallery />, document.getElementById("app") as HTMLElement);
