// Who may call a function, and how.

import { get, post, remove } from "../api.js";
import { errorText, fieldError } from "../errors.js";
import { absoluteTime, relativeTime } from "../format.js";
import { t } from "../i18n.js";
import { html, useState } from "../lib.js";
import { useAction, useResource } from "../resource.js";
import { Button, CopyButton } from "../ui/button.js";
import { Card } from "../ui/card.js";
import { confirm } from "../ui/dialog.js";
import { CheckField, PasswordField, SelectField } from "../ui/field.js";
import { Empty, Loaded } from "../ui/state.js";
import { toast } from "../ui/toast.js";
import { SettingsCard } from "./settings-card.js";

export const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
const SCHEMES = /** @type {const} */ ([["standard", "Standard Webhooks"], ["github", "GitHub"], ["stripe", "Stripe"]]);

/**
 * Who may call, in words.
 *
 * @param {string | undefined} access
 */
export function accessLabel(access) {
  if (access === "token") return t("access.token");
  return access === "signature" ? t("access.signature") : t("access.public");
}

/** @param {{ data: any, found: import("../resource.js").Resource<any> }} props */
export function AccessCard({ data, found }) {
  const read = (/** @type {any} */ now) => ({
    access: now.access ?? "public",
    signature_scheme: now.signature_scheme ?? "",
    allowed_methods: now.allowed_methods ?? "",
    handles_options: now.handles_options ?? false,
    unsandboxed_html: now.unsandboxed_html ?? false,
  });
  const toBody = (/** @type {Record<string, any>} */ values) => ({
    ...values,
    ...("signature_scheme" in values ? { signature_scheme: values["signature_scheme"] || null } : {}),
    ...("allowed_methods" in values ? { allowed_methods: values["allowed_methods"] || null } : {}),
  });
  return html`<${SettingsCard} id="access" data=${data} found=${found} title=${t("access.title")} subtitle=${t("access.text")} read=${read} toBody=${toBody}>
    ${(/** @type {import("./settings-card.js").Form} */ { values, set, errors }) => html`
      <div class="columns">
        <${SelectField} label=${t("access.who")} value=${values["access"]} error=${errors["access"]}
          options=${["public", "token", "signature"].map((one) => [one, accessLabel(one)])}
          onChange=${(/** @type {string} */ access) =>
            set({ access, signature_scheme: access === "signature" ? values["signature_scheme"] || "standard" : values["signature_scheme"] })} />
        ${values["access"] === "signature" &&
        html`<${SelectField} label=${t("access.scheme")} value=${values["signature_scheme"]} error=${errors["signature_scheme"]}
          options=${SCHEMES} onChange=${(/** @type {string} */ scheme) => set({ signature_scheme: scheme })} />`}
      </div>
      <${Methods} value=${values["allowed_methods"]} error=${errors["allowed_methods"]}
        onChange=${(/** @type {string} */ methods) => set({ allowed_methods: methods })} />
      <${CheckField} label=${t("access.options")} hint=${t("access.optionsHint")} checked=${values["handles_options"]} error=${errors["handles_options"]}
        onChange=${(/** @type {boolean} */ on) => set({ handles_options: on })} />
      <${CheckField} label=${t("access.html")} hint=${t("access.htmlHint")} checked=${values["unsandboxed_html"]} error=${errors["unsandboxed_html"]}
        onChange=${(/** @type {boolean} */ on) => set({ unsandboxed_html: on })} />
    `}
  <//>`;
}

/** @param {{ value: string, error: string | undefined, onChange: (value: string) => void }} props */
function Methods({ value, error, onChange }) {
  const chosen = value ? value.split(",") : METHODS;
  const toggle = (/** @type {string} */ method) => (/** @type {boolean} */ isOn) => {
    const next = METHODS.filter((one) => (one === method ? isOn : chosen.includes(one)));
    if (next.length > 0) onChange(next.length === METHODS.length ? "" : next.join(","));
  };
  return html`<fieldset class="plain"><legend class="legend">${t("access.methods")}</legend>
    <div class="row wide-gap">
      ${METHODS.map((one) => html`<${CheckField} key=${one} label=${one} checked=${chosen.includes(one)} onChange=${toggle(one)} />`)}
    </div>
    ${error && html`<p class="field-error" role="alert">${error}</p>`}
  </fieldset>`;
}

/** The secrets that signatures are checked with. @param {{ functionId: string }} props */
export function SigningSecrets({ functionId }) {
  const path = `/api/functions/${functionId}/signing-secrets`;
  const list = useResource((signal) => get(path, { signal }), [path]);
  const [own, setOwn] = useState("");
  const [made, setMade] = useState("");
  const [error, setError] = useState("");
  const [isBusy, add] = useAction(async () => {
    try {
      const secret = await post(path, own ? { value: own } : {});
      setMade(secret.value);
      setOwn("");
      setError("");
      void list.reload();
    } catch (problem) {
      setError(fieldError(problem));
    }
  });
  const erase = async (/** @type {any} */ one) => {
    const question = { title: t("secrets.delete"), text: t("secrets.deleteText"), confirm: t("settings.deleteButton"), danger: true };
    if (!(await confirm(question))) return;
    try {
      await remove(`${path}/${one.id}`);
      void list.reload();
    } catch (problem) {
      toast("bad", errorText(problem));
    }
  };
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void add();
  };
  return html`<${Card} id="secrets" title=${t("secrets.title")} subtitle=${t("secrets.text")}>
    <div class="stack">
      <${Loaded} of=${list}>
        ${(/** @type {any} */ { signing_secrets: secrets }) =>
          secrets.length === 0
            ? html`<${Empty} title=${t("secrets.none")} />`
            : html`<ul class="stack-s">
                ${secrets.map(
                  (/** @type {any} */ one) => html`<li key=${one.id} class="row spread">
                    <span><code>${one.id}</code> <span class="muted" title=${absoluteTime(one.created_at)}>${relativeTime(one.created_at)}</span></span>
                    <${Button} small kind="danger" icon="trash" label=${t("secrets.delete")} onClick=${() => erase(one)} />
                  </li>`,
                )}
              </ul>`}
      <//>
      ${made &&
      html`<div class="stack-s"><p class="note warn">${t("tokens.once")}</p>
        <div class="with-button"><code class="code grow" tabindex="0">${made}</code><${CopyButton} text=${made} what=${t("secrets.secret")} /></div></div>`}
      <form class="stack-s" onSubmit=${submit}>
        <${PasswordField} label=${t("secrets.own")} hint=${t("secrets.ownHint")} value=${own} error=${error} onInput=${setOwn} autocomplete="off" />
        <div><${Button} type="submit" icon="plus" busy=${isBusy}>${own ? t("secrets.add") : t("secrets.make")}<//></div>
      </form>
    </div>
  <//>`;
}
