// All settings of a function.

import { ApiError, remove } from "../api.js";
import { t } from "../i18n.js";
import { html } from "../lib.js";
import { go, guardLeaving } from "../router.js";
import { Button, CopyButton } from "../ui/button.js";
import { Card } from "../ui/card.js";
import { confirm } from "../ui/dialog.js";
import { CheckField, SelectField, TextField } from "../ui/field.js";
import { FunctionFrame } from "../ui/function-frame.js";
import { toast } from "../ui/toast.js";
import { AccessCard, SigningSecrets } from "./settings-access.js";
import { SaveAll, SettingsCard, numberOrNull } from "./settings-card.js";
import { Environment } from "./settings-env.js";
import { ScheduleCard, Ticks } from "./settings-schedule.js";

const RETENTION = [7, 15, 30, 365];
const MIB = 1_048_576;

/** @param {import("../routes.js").ScreenProps} props */
export default function Settings({ params }) {
  const id = params["id"] ?? "";
  return html`<${FunctionFrame} id=${id} tab="settings">
    ${(/** @type {any} */ data, /** @type {any} */ found) => html`
      <${General} data=${data} found=${found} />
      <${Environment} functionId=${id} />
      <${Address} id=${id} />
      <${ScheduleCard} data=${data} found=${found} />
      ${data.cron_schedule && html`<${Ticks} functionId=${id} />`}
      <${AccessCard} data=${data} found=${found} />
      ${data.access === "signature" && html`<${SigningSecrets} functionId=${id} />`}
      <${Limits} data=${data} found=${found} />
      <${Status} data=${data} found=${found} />
      <${Danger} data=${data} />
      <${SaveAll} />
    `}
  <//>`;
}

/** @typedef {{ data: any, found: import("../resource.js").Resource<any> }} CardProps */

/** @param {CardProps} props */
function General({ data, found }) {
  const fields = { name: "", description: "", retention_days: "", retention_bytes: "", save_response: false, env_writable: true };
  const toBody = (/** @type {Record<string, any>} */ values) => ({
    ...values,
    ...("retention_days" in values ? { retention_days: numberOrNull(values["retention_days"]) } : {}),
    ...("retention_bytes" in values ? { retention_bytes: numberOrNull(values["retention_bytes"]) } : {}),
  });
  return html`<${SettingsCard} data=${data} found=${found} title=${t("settings.general")} fields=${fields} toBody=${toBody}>
    ${(/** @type {import("./settings-card.js").Form} */ { values, set, errors }) => html`
      <${TextField} label=${t("functions.name")} mono required maxLength=${100} value=${values["name"]} error=${errors["name"]}
        onInput=${(/** @type {string} */ name) => set({ name })} />
      <${TextField} label=${t("create.description")} rows=${2} maxLength=${500} value=${values["description"]} error=${errors["description"]}
        onInput=${(/** @type {string} */ description) => set({ description })} />
      <${SelectField} label=${t("settings.retention")} hint=${t("settings.retentionHint")} value=${String(values["retention_days"])}
        error=${errors["retention_days"]}
        options=${[["", t("settings.retentionDefault")], ...RETENTION.map((days) => [String(days), t("settings.days", { count: days })])]}
        onChange=${(/** @type {string} */ days) => set({ retention_days: days === "" ? "" : Number(days) })} />
      <${TextField} label=${t("settings.retentionBytes")} hint=${t("settings.retentionBytesHint")} type="number" min=${1}
        value=${values["retention_bytes"] === "" ? "" : String(values["retention_bytes"] / MIB)} error=${errors["retention_bytes"]}
        onInput=${(/** @type {string} */ size) => set({ retention_bytes: size === "" ? "" : Math.round(Number(size) * MIB) })} />
      <${CheckField} label=${t("settings.saveResponse")} hint=${t("settings.saveResponseHint")} checked=${values["save_response"]}
        onChange=${(/** @type {boolean} */ on) => set({ save_response: on })} />
      <${CheckField} label=${t("settings.envWritable")} hint=${t("settings.envWritableHint")} checked=${values["env_writable"]}
        onChange=${(/** @type {boolean} */ on) => set({ env_writable: on })} />
    `}
  <//>`;
}

/** @param {{ id: string }} props */
function Address({ id }) {
  const url = `${location.origin}/fn/${id}`;
  return html`<${Card} title=${t("settings.address")}>
    <div class="stack-s">
      <div class="with-button">
        <${TextField} label=${t("settings.address")} hideLabel mono readOnly value=${url} onInput=${() => {}} />
        <${CopyButton} text=${url} what="URL" />
      </div>
      <p class="hint">GET, HEAD, POST, PUT, PATCH, DELETE</p>
    </div>
  <//>`;
}

/** @param {CardProps} props */
function Limits({ data, found }) {
  const names = /** @type {const} */ (["timeout_s", "memory_mb", "rate_limit", "rate_window_s", "max_concurrency"]);
  const fields = Object.fromEntries(names.map((name) => [name, ""]));
  const toBody = (/** @type {Record<string, any>} */ values) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, numberOrNull(value)]));
  return html`<${SettingsCard} data=${data} found=${found} title=${t("settings.limits")} subtitle=${t("settings.limitsText")}
    fields=${fields} toBody=${toBody}>
    ${(/** @type {import("./settings-card.js").Form} */ { values, set, errors }) => html`<div class="columns">
      ${names.map(
        (name) => html`<${TextField} key=${name} type="number" min=${1} label=${t(`settings.${name}`)} hint=${t(`settings.${name}_hint`)}
          value=${String(values[name])} error=${errors[name]}
          onInput=${(/** @type {string} */ text) => set({ [name]: text === "" ? "" : Number(text) })} />`,
      )}
    </div>`}
  <//>`;
}

/** @param {CardProps} props */
function Status({ data, found }) {
  return html`<${SettingsCard} data=${data} found=${found} title=${t("settings.status")} kind="warning" fields=${{ disabled: false }}>
    ${(/** @type {import("./settings-card.js").Form} */ { values, set }) => html`<${CheckField} label=${t("settings.enabled")} hint=${t("settings.enabledHint")} checked=${!values["disabled"]}
      onChange=${(/** @type {boolean} */ on) => set({ disabled: !on })} />`}
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
      toast("bad", problem instanceof ApiError && problem.status ? problem.message : t("state.unreachable"));
    }
  };
  return html`<${Card} title=${t("settings.danger")} kind="danger">
    <div class="row spread">
      <p class="grow">${t("settings.deleteText")}</p>
      <${Button} kind="danger" icon="trash" onClick=${erase}>${t("settings.deleteButton")}<//>
    </div>
  <//>`;
}
