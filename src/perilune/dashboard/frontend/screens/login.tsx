// Sign in with the API key.

import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../api.ts";
import { errorText } from "../errors.ts";
import { t } from "../i18n.ts";
import { useAction } from "../resource.ts";
import { go } from "../router.ts";
import type { ScreenProps } from "../routes.ts";
import { session, signIn } from "../session.ts";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { PasswordField } from "../ui/field.tsx";
import { Logo } from "../ui/icon.tsx";

export default function Login({ query }: ScreenProps) {
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
  const submit = (event: Event) => {
    event.preventDefault();
    if (key.trim()) void start();
  };
  return <div class="login">
    <div class="login-brand"><Logo /><h1>Perilune</h1></div>
    <Card>
      <form class="stack" onSubmit={submit}>
        <div>
          <h2>{t("login.title")}</h2>
          <p class="hint">{t("login.subtitle")}</p>
        </div>
        <PasswordField label={t("login.key")} value={key} required autocomplete="current-password" focus
          error={error} onInput={(value) => {
            setKey(value);
            setError("");
          }} />
        <Button kind="primary" type="submit" wide busy={isBusy} disabled={!key.trim()}>
          {isBusy ? t("login.busy") : t("login.submit")}
        </Button>
      </form>
    </Card>
    <p class="hint">{t("login.where")} <code>api_key.txt</code></p>
  </div>;
}

function explain(problem: ApiError) {
  if (problem.status === 0) return t("state.unreachable");
  if (problem.status === 429) return t("login.wait", { count: problem.retryAfterS ?? 60 });
  if (problem.status === 401) return t("login.wrong");
  return errorText(problem);
}
