// Helps to write the headers that say who sends a request.

import { useState } from "preact/hooks";
import type { FunctionRecord } from "../answers.ts";
import { t } from "../i18n.ts";
import { Button } from "../ui/button.tsx";
import { PasswordField, SelectField, TextField, type Option } from "../ui/field.tsx";
import { headerValue, withHeader, type TestRequest } from "./test-request.ts";
import { basicCredential, basicParts, signed } from "./test-sign.ts";

/** What is typed here stands in the headers at once; there is nothing else that is sent. */
export function Authorization({ data, request, onChange }: {
  data: FunctionRecord;
  request: TestRequest;
  onChange: (request: TestRequest) => void;
}) {
  const header = headerValue(request.headers, "Authorization");
  const [chosen, setChosen] = useState("");
  const scheme = /^bearer\b/i.test(header) ? "bearer" : /^basic\b/i.test(header) ? "basic" : chosen;
  const set = (value: string) => onChange({ ...request, headers: withHeader(request.headers, "Authorization", value) });
  const choose = (next: string) => {
    setChosen(next);
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
    {scheme === "signature" && <Signature scheme={data.signature_scheme ?? "standard"} request={request} onChange={onChange} />}
  </div>;
}

function Signature({ scheme, request, onChange }: {
  scheme: string;
  request: TestRequest;
  onChange: (request: TestRequest) => void;
}) {
  const [secret, setSecret] = useState("");
  const [error, setError] = useState("");
  const sign = async () => {
    try {
      onChange(await signed(request, scheme, secret));
      setError("");
    } catch {
      setError(t("rule.base64")); // the one thing that a secret can be wrong in
    }
  };
  return <><PasswordField label={t("test.secret")} hint={t("test.signHint")} value={secret} error={error} onInput={setSecret} autocomplete="off" />
    <div class="below-label"><Button disabled={secret === ""} onClick={sign}>{t("test.sign")}</Button></div></>;
}
