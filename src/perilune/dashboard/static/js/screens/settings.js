// All settings of a function.

import { remove } from "../api.js";
import { errorText } from "../errors.js";
import { t } from "../i18n.js";
import { html } from "../lib.js";
import { go, guardLeaving, href } from "../router.js";
import { Badge } from "../ui/badge.js";
import { Button, CopyButton, LinkButton } from "../ui/button.js";
import { Card } from "../ui/card.js";
import { confirm } from "../ui/dialog.js";
import { CheckField, SelectField, TextField } from "../ui/field.js";
import { FunctionFrame, tabPath } from "../ui/function-frame.js";
import { toast } from "../ui/toast.js";
import { AccessCard, METHODS, SigningSecrets, accessLabel } from "./settings-access.js";
import { SettingsCard } from "./settings-card.js";
import { existing, numberOrNull, numberProblem, numberText, textProblem } from "./settings-checks.js";
import { Environment } from "./settings-env.js";
import { SettingsNav } from "./settings-nav.js";
import { ScheduleCard, Ticks } from "./settings-schedule.js";
import { SaveAll } from "./settings-unsaved.js";

/** @typedef {import("./settings-card.js").Form} Form */
/** @typedef {{ data: any, found: import("../resource.js").Resource<any> }} CardProps */

const RETENTION = [7, 15, 30, 365];
const MIB = 1_048_576;
const MAX_NAME_CHARS = 100;
const MAX_DESCRIPTION_CHARS = 500;

/** @param {import("../routes.js").ScreenProps} props */
export default function Settings({ params }) {
  const id = params["id"] ?? "";
  return html`<${FunctionFrame} id=${id} tab="settings">
    ${(/** @type {any} */ data, /** @type {any} */ found) => html`<div class="settings">
      <${SettingsNav} cards=${cardsOf(data)} />
      <div class="stack wide">
        <${General} data=${data} found=${found} />
        <${Environment} functionId=${id} />
        <${Address} data=${data} />
        <${ScheduleCard} data=${data} found=${found} />
        ${data.cron_schedule && html`<${Ticks} functionId=${id} />`}
        <${AccessCard} data=${data} found=${found} />
        ${data.access === "signature" && html`<${SigningSecrets} functionId=${id} />`}
        <${Limits} data=${data} found=${found} />
        <${Status} data=${data} found=${found} />
        <${Danger} data=${data} />
        <${SaveAll} />
      </div>
    </div>`}
  <//>`;
}

/**
 * @param {any} data
 * @returns {[string, string][]}
 */
function cardsOf(data) {
  return [
    ["general", t("settings.general")],
    ["environment", t("env.title")],
    ["address", t("settings.address")],
    ["schedule", t("schedule.title")],
    ...(data.cron_schedule ? [/** @type {[string, string]} */ (["ticks", t("schedule.history")])] : []),
    ["access", t("access.title")],
    ...(data.access === "signature" ? [/** @type {[string, string]} */ (["secrets", t("secrets.title")])] : []),
    ["limits", t("settings.limits")],
    ["status", t("settings.status")],
    ["danger", t("settings.danger")],
  ];
}

/** @param {CardProps} props */
function General({ data, found }) {
  const read = (/** @type {any} */ now) => ({
    name: now.name,
    description: now.description ?? "",
    retention_days: numberText(now.retention_days),
    retention_bytes: numberText(now.retention_bytes, MIB),
    save_response: now.save_response,
    env_writable: now.env_writable ?? true,
  });
  const check = (/** @type {Record<string, any>} */ values) =>
    existing({
      name: textProblem(values["name"], { most: MAX_NAME_CHARS, isNeeded: true }),
      description: textProblem(values["description"], { most: MAX_DESCRIPTION_CHARS }),
      retention_bytes: numberProblem(values["retention_bytes"], {}),
    });
  const toBody = (/** @type {Record<string, any>} */ values) => ({
    ...values,
    ...("retention_days" in values ? { retention_days: numberOrNull(values["retention_days"]) } : {}),
    ...("retention_bytes" in values ? { retention_bytes: numberOrNull(values["retention_bytes"], MIB) } : {}),
  });
  return html`<${SettingsCard} id="general" data=${data} found=${found} title=${t("settings.general")} read=${read} check=${check} toBody=${toBody}>
    ${(/** @type {Form} */ { values, set, errors }) => html`
      <${TextField} label=${t("functions.name")} mono value=${values["name"]} error=${errors["name"]}
        onInput=${(/** @type {string} */ name) => set({ name })} />
      <${TextField} label=${t("create.description")} rows=${2} value=${values["description"]} error=${errors["description"]}
        onInput=${(/** @type {string} */ description) => set({ description })} />
      <div class="columns">
        <${SelectField} label=${t("settings.retention")} hint=${t("settings.retentionHint")} value=${values["retention_days"]}
          error=${errors["retention_days"]}
          options=${[["", t("settings.retentionDefault")], ...RETENTION.map((days) => [String(days), t("settings.days", { count: days })])]}
          onChange=${(/** @type {string} */ days) => set({ retention_days: days })} />
        <${TextField} label=${t("settings.retentionBytes")} hint=${t("settings.retentionBytesHint")} inputMode="numeric"
          value=${values["retention_bytes"]} error=${errors["retention_bytes"]}
          onInput=${(/** @type {string} */ size) => set({ retention_bytes: size })} />
      </div>
      <${CheckField} label=${t("settings.saveResponse")} hint=${t("settings.saveResponseHint")} checked=${values["save_response"]}
        error=${errors["save_response"]} onChange=${(/** @type {boolean} */ on) => set({ save_response: on })} />
      <${CheckField} label=${t("settings.envWritable")} hint=${t("settings.envWritableHint")} checked=${values["env_writable"]}
        error=${errors["env_writable"]} onChange=${(/** @type {boolean} */ on) => set({ env_writable: on })} />
    `}
  <//>`;
}

/** Where the function is, and who may call it how. @param {{ data: any }} props */
function Address({ data }) {
  const url = `${location.origin}/fn/${data.id}`;
  const actions = html`<${LinkButton} small icon="play" href=${href(tabPath(data.id, "test"))}>${t("tab.test")}<//>`;
  return html`<${Card} id="address" title=${t("settings.address")} subtitle=${t("settings.addressText")} actions=${actions}>
    <div class="stack-s">
      <div class="with-button">
        <${TextField} label=${t("settings.address")} hideLabel mono readOnly value=${url} onInput=${() => {}} />
        <${CopyButton} text=${url} what="URL" />
      </div>
      <div class="row">
        ${(data.allowed_methods || METHODS.join(",")).split(",").map((/** @type {string} */ one) => html`<${Badge} key=${one}>${one}<//>`)}
        <span class="muted">${t("access.who")}: ${accessLabel(data.access)}</span>
      </div>
    </div>
  <//>`;
}

/** @type {readonly (readonly [name: "timeout_s" | "memory_mb" | "rate_limit" | "rate_window_s" | "max_concurrency", rule: import("./settings-checks.js").NumberRule])[]} */
const LIMITS = [
  ["timeout_s", {}],
  ["memory_mb", { least: 16 }],
  ["rate_limit", { most: 1_000_000 }],
  ["rate_window_s", { most: 86_400 }],
  ["max_concurrency", { most: 10_000 }],
];

/** @param {CardProps} props */
function Limits({ data, found }) {
  const read = (/** @type {any} */ now) => Object.fromEntries(LIMITS.map(([name]) => [name, numberText(now[name])]));
  const check = (/** @type {Record<string, any>} */ values) =>
    existing(Object.fromEntries(LIMITS.map(([name, rule]) => [name, numberProblem(values[name], rule)])));
  const toBody = (/** @type {Record<string, any>} */ values) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, numberOrNull(value)]));
  return html`<${SettingsCard} id="limits" data=${data} found=${found} title=${t("settings.limits")} subtitle=${t("settings.limitsText")}
    read=${read} check=${check} toBody=${toBody}>
    ${(/** @type {Form} */ { values, set, errors }) => html`<div class="thirds">
      ${LIMITS.map(
        ([name]) => html`<${TextField} key=${name} inputMode="numeric" label=${t(`settings.${name}`)} hint=${t(`settings.${name}_hint`)}
          value=${values[name]} error=${errors[name]} onInput=${(/** @type {string} */ text) => set({ [name]: text })} />`,
      )}
    </div>`}
  <//>`;
}

/** @param {CardProps} props */
function Status({ data, found }) {
  return html`<${SettingsCard} id="status" data=${data} found=${found} title=${t("settings.status")} kind="warning"
    read=${(/** @type {any} */ now) => ({ disabled: now.disabled })}>
    ${(/** @type {Form} */ { values, set, errors }) => html`<${CheckField} label=${t("settings.enabled")} hint=${t("settings.enabledHint")}
      checked=${!values["disabled"]} error=${errors["disabled"]} onChange=${(/** @type {boolean} */ on) => set({ disabled: !on })} />`}
  <//>`;
}

/** @param {{ data: any }} props */
function Danger({ data }) {
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
  return html`<${Card} id="danger" title=${t("settings.danger")} kind="danger">
    <div class="row spread">
      <p class="grow">${t("settings.deleteText")}</p>
      <${Button} kind="danger" icon="trash" onClick=${erase}>${t("settings.deleteButton")}<//>
    </div>
  <//>`;
}
