// Helps to write the headers that say who sends a request.

import { useState } from "preact/hooks";
import type { FunctionRecord } from "../answers.ts";
import { t } from "../i18n.ts";
import { PasswordField, SelectField, TextField, type Option } from "../ui/field.tsx";
import { headerValue, withHeader, type TestRequest } from "./test-request.ts";
import { basicCredential, basicParts, signed } from "./test-sign.ts";

/** How a request is signed, which can only be done when it is sent. */
export interface Signing {
  chosen: string; // what stands in no header
  choose: (chosen: string) => void;
  secret: string;
  setSecret: (secret: string) => void;
  error: string;
  apply: (request: TestRequest) => Promise<TestRequest | null>; // null: the secret is wrong, as is said then
}

export function useSigning(data: FunctionRecord): Signing {
  const [chosen, choose] = useState("");
  const [secret, setSecret] = useState("");
  const [error, setError] = useState("");
  const apply = async (request: TestRequest) => {
    if (chosen !== "signature" || secret === "" || headerValue(request.headers, "Authorization") !== "") return request;
    try {
      const next = await signed(request, data.signature_scheme ?? "standard", secret);
      setError("");
      return next;
    } catch {
      setError(t("rule.base64")); // the one thing that a secret can be wrong in
      return null;
    }
  };
  return { chosen, choose, secret, setSecret, error, apply };
}

/** What is typed here stands in the headers at once, and signatures when the request is sent. */
export function Authorization({ data, request, signing, onChange }: {
  data: FunctionRecord;
  request: TestRequest;
  signing: Signing;
  onChange: (request: TestRequest) => void;
}) {
  const header = headerValue(request.headers, "Authorization");
  const { chosen } = signing;
  const scheme = /^bearer\b/i.test(header) ? "bearer" : /^basic\b/i.test(header) ? "basic" : chosen;
  const set = (value: string) => onChange({ ...request, headers: withHeader(request.headers, "Authorization", value) });
  const choose = (next: string) => {
    signing.choose(next);
    set(next === "bearer" ? "Bearer " : next === "basic" ? basicCredential("", "") : "");
  };
  const { user, password } = basicParts(scheme === "basic" ? header : "");
  const options: Option[] = [["", t("test.noAuth")], ["bearer", "Bearer"], ["basic", "Basic"]];
  if (data.access === "signature") options.push(["signature", t("access.signature")]);
  const needed = data.access === "token" ? t("test.needsToken") : data.access === "signature" ? t("test.needsSignature") : undefined;
  return <div class="thirds">
    <SelectField label={t("test.auth")} hint={needed} value={scheme} onChange={choose} options={options} />
    {scheme === "bearer" &&
    <PasswordField label={t("test.token")} value={header.replace(/^bearer\s*/i, "")} autocomplete="off"
      onInput={(token) => set(`Bearer ${token}`)} />}
    {scheme === "basic" &&
    <><TextField label={t("test.user")} value={user} autocomplete="off"
        onInput={(next) => set(basicCredential(next, password))} />
      <PasswordField label={t("test.password")} value={password} autocomplete="off"
        onInput={(next) => set(basicCredential(user, next))} /></>}
    {scheme === "signature" &&
    <PasswordField label={t("test.secret")} hint={t("test.signHint")} value={signing.secret} error={signing.error}
      onInput={signing.setSecret} autocomplete="off" />}
  </div>;
}
