// All settings of a function.

import type { FunctionRecord } from "../answers.ts";
import { remove } from "../api.ts";
import { callUrl } from "../call-url.ts";
import { errorText } from "../errors.ts";
import { HTTP_METHODS, SETTINGS } from "../function-settings.ts";
import { t } from "../i18n.ts";
import type { Resource } from "../resource.ts";
import { go, guardLeaving, href } from "../router.ts";
import type { ScreenProps } from "../routes.ts";
import { Badge } from "../ui/badge.tsx";
import { Button, CopyButton, LinkButton } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { confirm } from "../ui/dialog.tsx";
import { CheckField, SelectField, TextField, type Option } from "../ui/field.tsx";
import { FunctionFrame, tabPath } from "../ui/function-frame.tsx";
import { toast } from "../ui/toast.tsx";
import { AccessCard, SigningSecrets, accessLabel } from "./settings-access.tsx";
import { SettingsCard } from "./settings-card.tsx";
import { existing, numberOrNull, numberProblem, numberText, textProblem } from "./settings-checks.ts";
import { Environment } from "./settings-env.tsx";
import { SettingsNav } from "./settings-nav.tsx";
import { ScheduleCard, Ticks } from "./settings-schedule.tsx";
import { SaveAll } from "./settings-unsaved.tsx";

type CardProps = { data: FunctionRecord; found: Resource<FunctionRecord> };

const MIB = 1_048_576;

export default function Settings({ params }: ScreenProps) {
  const id = params["id"] ?? "";
  return <FunctionFrame id={id} tab="settings">
    {(data, found) => <div class="settings">
      <SettingsNav cards={cardsOf(data)} />
      <div class="stack wide">
        <General data={data} found={found} />
        <Environment functionId={id} />
        <Address data={data} found={found} />
        <ScheduleCard data={data} found={found} />
        {data.cron_schedule && <Ticks functionId={id} />}
        <AccessCard data={data} found={found} />
        {data.access === "signature" && <SigningSecrets functionId={id} />}
        <Limits data={data} found={found} />
        <Status data={data} found={found} />
        <Danger data={data} />
        <SaveAll />
      </div>
    </div>}
  </FunctionFrame>;
}

function cardsOf(data: FunctionRecord): [string, string][] {
  return [
    ["general", t("settings.general")],
    ["environment", t("env.title")],
    ["address", t("settings.address")],
    ["schedule", t("schedule.title")],
    ...(data.cron_schedule ? [["ticks", t("schedule.history")] as [string, string]] : []),
    ["access", t("access.title")],
    ...(data.access === "signature" ? [["secrets", t("secrets.title")] as [string, string]] : []),
    ["limits", t("settings.limits")],
    ["status", t("settings.status")],
    ["danger", t("settings.danger")],
  ];
}

function General({ data, found }: CardProps) {
  const read = (now: FunctionRecord) => ({
    name: now.name,
    description: now.description ?? "",
    retention_days: numberText(now.retention_days),
    retention_bytes: numberText(now.retention_bytes, MIB),
    save_response: now.save_response,
    env_writable: now.env_writable ?? SETTINGS.env_writable.default,
  });
  const check = (values: ReturnType<typeof read>) =>
    existing({
      name: textProblem(values.name, { most: SETTINGS.name.maxChars, isNeeded: true }),
      description: textProblem(values.description, { most: SETTINGS.description.maxChars }),
      retention_bytes: numberProblem(values.retention_bytes, {}),
    });
  const toBody = (values: Partial<ReturnType<typeof read>>) => ({
    ...values,
    ...("retention_days" in values ? { retention_days: numberOrNull(values.retention_days) } : {}),
    ...("retention_bytes" in values ? { retention_bytes: numberOrNull(values.retention_bytes, MIB) } : {}),
  });
  return <SettingsCard id="general" data={data} found={found} title={t("settings.general")} read={read} check={check} toBody={toBody}>
    {({ values, set, errors }) => <>
      <TextField label={t("functions.name")} mono value={values.name} error={errors["name"]}
        onInput={(name) => set({ name })} />
      <TextField label={t("create.description")} rows={2} value={values.description} error={errors["description"]}
        onInput={(description) => set({ description })} />
      <div class="columns">
        <SelectField label={t("settings.retention")} hint={t("settings.retentionHint")} value={values.retention_days}
          error={errors["retention_days"]}
          options={[["", t("settings.retentionDefault")], ...SETTINGS.retention_days.words.map((days): Option => [String(days), t("settings.days", { count: days })])]}
          onChange={(days) => set({ retention_days: days })} />
        <TextField label={t("settings.retentionBytes")} hint={t("settings.retentionBytesHint")} inputMode="numeric"
          value={values.retention_bytes} error={errors["retention_bytes"]}
          onInput={(size) => set({ retention_bytes: size })} />
      </div>
      <CheckField label={t("settings.saveResponse")} hint={t("settings.saveResponseHint")} checked={values.save_response}
        error={errors["save_response"]} onChange={(on) => set({ save_response: on })} />
      <CheckField label={t("settings.envWritable")} hint={t("settings.envWritableHint")} checked={values.env_writable}
        error={errors["env_writable"]} onChange={(on) => set({ env_writable: on })} />
    </>}
  </SettingsCard>;
}

/** Where the function is, and who may call it how. */
function Address({ data, found }: CardProps) {
  const url = callUrl(data);
  const read = (now: FunctionRecord) => ({ address: now.address ?? "" });
  const check = (values: ReturnType<typeof read>) =>
    existing({ address: textProblem(values.address, { most: SETTINGS.address.maxChars }) });
  return <SettingsCard id="address" data={data} found={found} title={t("settings.address")} subtitle={t("settings.addressText")}
    read={read} check={check}>
    {({ values, set, errors }) => <>
      <div class="with-button">
        <TextField label="URL" hideLabel mono readOnly value={url} onInput={() => {}} />
        <CopyButton text={url} what="URL" />
      </div>
      <TextField label={t("settings.ownAddress")} hint={t("settings.ownAddressHint")} mono value={values.address}
        error={errors["address"]} onInput={(address) => set({ address })} />
      <div class="row">
        {(data.allowed_methods || HTTP_METHODS.join(",")).split(",").map((one: string) => <Badge key={one}>{one}</Badge>)}
        <span class="muted">{t("access.who")}: {accessLabel(data.access)}</span>
        <LinkButton small icon="play" href={href(tabPath(data.id, "test"))}>{t("tab.test")}</LinkButton>
      </div>
    </>}
  </SettingsCard>;
}

const LIMITS = ["timeout_s", "memory_mb", "rate_limit", "rate_window_s", "max_concurrency"] as const;

function Limits({ data, found }: CardProps) {
  const read = (now: FunctionRecord) => Object.fromEntries(LIMITS.map((name) => [name, numberText(now[name])]));
  const check = (values: ReturnType<typeof read>) =>
    existing(Object.fromEntries(LIMITS.map((name) => [name, numberProblem(values[name], SETTINGS[name])])));
  const toBody = (values: Partial<ReturnType<typeof read>>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, numberOrNull(value ?? "")]));
  return <SettingsCard id="limits" data={data} found={found} title={t("settings.limits")} subtitle={t("settings.limitsText")}
    read={read} check={check} toBody={toBody}>
    {({ values, set, errors }) => <div class="thirds">
      {LIMITS.map(
        (name) => <TextField key={name} inputMode="numeric" label={t(`settings.${name}`)} hint={t(`settings.${name}_hint`)}
          value={values[name]} error={errors[name]} onInput={(text) => set({ [name]: text })} />,
      )}
    </div>}
  </SettingsCard>;
}

function Status({ data, found }: CardProps) {
  return <SettingsCard id="status" data={data} found={found} title={t("settings.status")} kind="warning"
    read={(now) => ({ disabled: now.disabled })}>
    {({ values, set, errors }) => <CheckField label={t("settings.enabled")} hint={t("settings.enabledHint")}
      checked={!values.disabled} error={errors["disabled"]} onChange={(on) => set({ disabled: !on })} />}
  </SettingsCard>;
}

function Danger({ data }: { data: FunctionRecord }) {
  const erase = async () => {
    const question = {
      title: t("settings.delete", { name: data.name }),
      text: t("settings.deleteText"),
      confirm: t("settings.deleteButton"),
      danger: true,
      typed: data.name,
    };
    if (!(await confirm(question))) return;
    try {
      await remove(`/api/functions/${data.id}`);
      toast("good", t("settings.deleted", { name: data.name }));
      guardLeaving(null); // there is nothing left to save
      go("/functions");
    } catch (problem) {
      toast("bad", errorText(problem));
    }
  };
  return <Card id="danger" title={t("settings.danger")} kind="danger">
    <div class="row spread">
      <p class="grow">{t("settings.deleteText")}</p>
      <Button kind="danger" icon="trash" onClick={erase}>{t("settings.deleteButton")}</Button>
    </div>
  </Card>;
}
