// Who may call a function, and how.

import { useState } from "preact/hooks";
import type { FunctionRecord } from "../answers.ts";
import { get, post, remove } from "../api.ts";
import { errorText, fieldError } from "../errors.ts";
import { HTTP_METHODS, SETTINGS } from "../function-settings.ts";
import { absoluteTime, relativeTime } from "../format.ts";
import { t } from "../i18n.ts";
import { useAction, useResource, type Resource } from "../resource.ts";
import { Button, CopyButton } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { confirm } from "../ui/dialog.tsx";
import { CheckField, PasswordField, SelectField } from "../ui/field.tsx";
import { Empty, Loaded } from "../ui/state.tsx";
import { toast } from "../ui/toast.tsx";
import { SettingsCard } from "./settings-card.tsx";

const SCHEME_NAMES = { standard: "Standard Webhooks", github: "GitHub", stripe: "Stripe" };

/** Who may call, in words. */
export function accessLabel(access: string | undefined) {
  if (access === "token") return t("access.token");
  return access === "signature" ? t("access.signature") : t("access.public");
}

export function AccessCard({ data, found }: { data: FunctionRecord; found: Resource<FunctionRecord> }) {
  const read = (now: FunctionRecord) => ({
    access: now.access ?? SETTINGS.access.default,
    signature_scheme: now.signature_scheme ?? "",
    allowed_methods: now.allowed_methods ?? "",
    handles_options: now.handles_options ?? SETTINGS.handles_options.default,
    unsandboxed_html: now.unsandboxed_html ?? SETTINGS.unsandboxed_html.default,
  });
  const toBody = (values: Partial<ReturnType<typeof read>>) => ({
    ...values,
    ...("signature_scheme" in values ? { signature_scheme: values.signature_scheme || null } : {}),
    ...("allowed_methods" in values ? { allowed_methods: values.allowed_methods || null } : {}),
  });
  return <SettingsCard id="access" data={data} found={found} title={t("access.title")} subtitle={t("access.text")} read={read} toBody={toBody}>
    {({ values, set, errors }) => <>
      <div class="columns">
        <SelectField label={t("access.who")} value={values.access} error={errors["access"]}
          options={SETTINGS.access.words.map((one) => [one, accessLabel(one)])}
          onChange={(access) =>
            set({ access, signature_scheme: access === "signature" ? values.signature_scheme || "standard" : values.signature_scheme })} />
        {values.access === "signature" &&
        <SelectField label={t("access.scheme")} value={values.signature_scheme} error={errors["signature_scheme"]}
          options={SETTINGS.signature_scheme.words.map((one) => [one, SCHEME_NAMES[one]])} onChange={(scheme) => set({ signature_scheme: scheme })} />}
      </div>
      <Methods value={values.allowed_methods} error={errors["allowed_methods"]}
        onChange={(methods) => set({ allowed_methods: methods })} />
      <CheckField label={t("access.options")} hint={t("access.optionsHint")} checked={values.handles_options} error={errors["handles_options"]}
        onChange={(on) => set({ handles_options: on })} />
      <CheckField label={t("access.html")} hint={t("access.htmlHint")} checked={values.unsandboxed_html} error={errors["unsandboxed_html"]}
        onChange={(on) => set({ unsandboxed_html: on })} />
    </>}
  </SettingsCard>;
}

function Methods({ value, error, onChange }: {
  value: string;
  error: string | undefined;
  onChange: (value: string) => void;
}) {
  const chosen = value ? value.split(",") : HTTP_METHODS;
  const toggle = (method: string) => (isOn: boolean) => {
    const next = HTTP_METHODS.filter((one) => (one === method ? isOn : chosen.includes(one)));
    if (next.length > 0) onChange(next.length === HTTP_METHODS.length ? "" : next.join(","));
  };
  return <fieldset class="plain"><legend class="legend">{t("access.methods")}</legend>
    <div class="row wide-gap">
      {HTTP_METHODS.map((one) => <CheckField key={one} label={one} checked={chosen.includes(one)} onChange={toggle(one)} />)}
    </div>
    {error && <p class="field-error" role="alert">{error}</p>}
  </fieldset>;
}

/** The secrets that signatures are checked with. */
export function SigningSecrets({ functionId }: { functionId: string }) {
  const path = `/api/functions/${functionId}/signing-secrets`;
  const list = useResource((signal) => get<{ signing_secrets: { id: string; created_at: number }[] }>(path, { signal }), [path]);
  const [own, setOwn] = useState("");
  const [made, setMade] = useState("");
  const [error, setError] = useState("");
  const [isBusy, add] = useAction(async () => {
    try {
      const secret = await post<{ value: string }>(path, own ? { value: own } : {});
      setMade(secret.value);
      setOwn("");
      setError("");
      void list.reload();
    } catch (problem) {
      setError(fieldError(problem));
    }
  });
  const erase = async (one: { id: string }) => {
    const question = { title: t("secrets.delete"), text: t("secrets.deleteText"), confirm: t("settings.deleteButton"), danger: true };
    if (!(await confirm(question))) return;
    try {
      await remove(`${path}/${one.id}`);
      void list.reload();
    } catch (problem) {
      toast("bad", errorText(problem));
    }
  };
  const submit = (event: Event) => {
    event.preventDefault();
    void add();
  };
  return <Card id="secrets" title={t("secrets.title")} subtitle={t("secrets.text")}>
    <div class="stack">
      <Loaded of={list}>
        {({ signing_secrets: secrets }) =>
          secrets.length === 0
            ? <Empty title={t("secrets.none")} />
            : <ul class="stack-s">
                {secrets.map(
                  (one) => <li key={one.id} class="row spread">
                    <span><code>{one.id}</code> <span class="muted" title={absoluteTime(one.created_at)}>{relativeTime(one.created_at)}</span></span>
                    <Button small kind="danger" icon="trash" label={t("secrets.delete")} onClick={() => erase(one)} />
                  </li>,
                )}
              </ul>}
      </Loaded>
      {made &&
      <div class="stack-s"><p class="note warn">{t("tokens.once")}</p>
        <div class="with-button"><code class="code grow" tabindex={0}>{made}</code><CopyButton text={made} what={t("secrets.secret")} /></div></div>}
      <form class="stack-s" onSubmit={submit}>
        <PasswordField label={t("secrets.own")} hint={t("secrets.ownHint")} value={own} error={error} onInput={setOwn} autocomplete="off" />
        <div><Button type="submit" icon="plus" busy={isBusy}>{own ? t("secrets.add") : t("secrets.make")}</Button></div>
      </form>
    </div>
  </Card>;
}
