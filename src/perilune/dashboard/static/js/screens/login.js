// Sign in with the API key.

import { ApiError } from "../api.js";
import { errorText } from "../errors.js";
import { t } from "../i18n.js";
import { html, useEffect, useState } from "../lib.js";
import { useAction } from "../resource.js";
import { go } from "../router.js";
import { session, signIn } from "../session.js";
import { Button } from "../ui/button.js";
import { Card } from "../ui/card.js";
import { PasswordField } from "../ui/field.js";
import { Logo } from "../ui/icon.js";

/** @param {import("../routes.js").ScreenProps} props */
export default function Login({ query }) {
  const [key, setKey] = useState("");
  const [error, setError] = useState("");
  useEffect(() => {
    if (session.get() === "in") go(query.get("next") ?? "/", { replace: true });
  }, []);
  const [isBusy, start] = useAction(async () => {
    try {
      await signIn(key.trim());
    } catch (problem) {
      setError(problem instanceof ApiError ? explain(problem) : String(problem));
    }
  });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (key.trim()) void start();
  };
  return html`<div class="login">
    <div class="login-brand"><${Logo} /><h1>Perilune</h1></div>
    <${Card}>
      <form class="stack" onSubmit=${submit}>
        <div>
          <h2>${t("login.title")}</h2>
          <p class="hint">${t("login.subtitle")}</p>
        </div>
        <${PasswordField} label=${t("login.key")} value=${key} required autocomplete="current-password" focus
          error=${error} onInput=${(/** @type {string} */ value) => {
            setKey(value);
            setError("");
          }} />
        <${Button} kind="primary" type="submit" wide busy=${isBusy} disabled=${!key.trim()}>
          ${isBusy ? t("login.busy") : t("login.submit")}
        <//>
      </form>
    <//>
    <p class="hint">${t("login.where")} <code>api_key.txt</code></p>
  </div>`;
}

/** @param {ApiError} problem */
function explain(problem) {
  if (problem.status === 0) return t("state.unreachable");
  if (problem.status === 429) return t("login.wait", { count: problem.retryAfterS ?? 60 });
  if (problem.status === 401) return t("login.wrong");
  return errorText(problem);
}
