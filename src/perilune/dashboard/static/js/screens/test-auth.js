// Helps to write the headers that say who sends a request.

import { t } from "../i18n.js";
import { html, useState } from "../lib.js";
import { Button } from "../ui/button.js";
import { PasswordField, SelectField, TextField } from "../ui/field.js";
import { headerValue, withHeader } from "./test-request.js";
import { basicCredential, basicParts, signed } from "./test-sign.js";

/** @typedef {import("./test-request.js").TestRequest} TestRequest */

/**
 * What is typed here stands in the headers at once; there is nothing else that is sent.
 *
 * @param {{ data: any, request: TestRequest, onChange: (request: TestRequest) => void }} props
 */
export function Authorization({ data, request, onChange }) {
  const header = headerValue(request.headers, "Authorization");
  const [chosen, setChosen] = useState("");
  const scheme = /^bearer\b/i.test(header) ? "bearer" : /^basic\b/i.test(header) ? "basic" : chosen;
  const set = (/** @type {string} */ value) => onChange({ ...request, headers: withHeader(request.headers, "Authorization", value) });
  const choose = (/** @type {string} */ next) => {
    setChosen(next);
    set(next === "bearer" ? "Bearer " : next === "basic" ? basicCredential("", "") : "");
  };
  const { user, password } = basicParts(scheme === "basic" ? header : "");
  const options = [["", t("test.noAuth")], ["bearer", "Bearer"], ["basic", "Basic"]];
  if (data.access === "signature") options.push(["signature", t("access.signature")]);
  const needed = data.access === "token" ? t("test.needsToken") : data.access === "signature" ? t("test.needsSignature") : undefined;
  return html`<div class="thirds">
    <${SelectField} label=${t("test.auth")} hint=${needed} value=${scheme} onChange=${choose} options=${options} />
    ${scheme === "bearer" &&
    html`<${PasswordField} label=${t("test.token")} value=${header.replace(/^bearer\s*/i, "")} autocomplete="off"
      onInput=${(/** @type {string} */ token) => set(`Bearer ${token}`)} />`}
    ${scheme === "basic" &&
    html`<${TextField} label=${t("test.user")} value=${user} autocomplete="off"
        onInput=${(/** @type {string} */ next) => set(basicCredential(next, password))} />
      <${PasswordField} label=${t("test.password")} value=${password} autocomplete="off"
        onInput=${(/** @type {string} */ next) => set(basicCredential(user, next))} />`}
    ${scheme === "signature" && html`<${Signature} scheme=${data.signature_scheme ?? "standard"} request=${request} onChange=${onChange} />`}
  </div>`;
}

/** @param {{ scheme: string, request: TestRequest, onChange: (request: TestRequest) => void }} props */
function Signature({ scheme, request, onChange }) {
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
  return html`<${PasswordField} label=${t("test.secret")} hint=${t("test.signHint")} value=${secret} error=${error} onInput=${setSecret} autocomplete="off" />
    <div class="below-label"><${Button} disabled=${secret === ""} onClick=${sign}>${t("test.sign")}<//></div>`;
}
