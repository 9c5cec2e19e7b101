// A new function: name, language, and what to begin with.

import { ApiError, get, post, put } from "../api.js";
import { errorText, fieldError } from "../errors.js";
import { t } from "../i18n.js";
import { html, useState } from "../lib.js";
import { useAction, useResource } from "../resource.js";
import { go, href } from "../router.js";
import { TEMPLATES, hasTemplates, templateCode } from "../templates.js";
import { languageName } from "../ui/badge.js";
import { Button, LinkButton } from "../ui/button.js";
import { Card } from "../ui/card.js";
import { CodeBlock } from "../ui/code.js";
import { Segmented, TextField } from "../ui/field.js";
import { Icon } from "../ui/icon.js";
import { Loaded } from "../ui/state.js";
import { toast } from "../ui/toast.js";
import { parseDotenv } from "../dotenv.js";

const FIELDS = ["name", "description", "cron_schedule"];

/** @param {import("../routes.js").ScreenProps} _props */
export default function Create(_props) {
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [runtime, setRuntime] = useState("lua");
  const [template, setTemplate] = useState("http");
  const [schedule, setSchedule] = useState("");
  const [dotenv, setDotenv] = useState("");
  const [errors, setErrors] = useState(/** @type {Record<string, string>} */ ({}));
  const server = useResource((signal) => get("/api/version", { signal }), []);
  const code = useResource(() => templateCode(template, runtime), [template, runtime]);
  const runtimes = /** @type {string[]} */ (server.data?.runtimes ?? ["lua"]).filter(hasTemplates);
  const variables = parseDotenv(dotenv);
  const [isBusy, create] = useAction(async () => {
    try {
      const made = await post("/api/functions", {
        name,
        ...(description ? { description } : {}),
        ...(schedule ? { cron_schedule: schedule, cron_status: "active" } : {}),
        runtime,
        code: code.data,
      });
      toast("good", t("create.done", { name: made.name }));
      go(`/functions/${made.id}`);
      await setVariables(made.id, variables.pairs);
    } catch (problem) {
      const error = problem instanceof ApiError ? problem : new ApiError(0, String(problem));
      if (FIELDS.includes(error.field)) setErrors({ [error.field]: fieldError(error) });
      else toast("bad", errorText(error));
    }
  });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (code.isLoading) return; // what is there is still the code of the template before
    setErrors({});
    void create();
  };
  return html`<form class="screen" onSubmit=${submit}>
    <div>
      <a class="muted row" href=${href("/functions")}><${Icon} name="arrowLeft" />${t("nav.functions")}</a>
      <h1>${t("create.title")}</h1>
    </div>
    <${Card} title=${t("create.about")}>
      <div class="stack">
        <${TextField} label=${t("functions.name")} value=${name} onInput=${setName} mono required focus
          placeholder="payment-webhook" maxLength=${100} error=${errors["name"]} autocomplete="off" />
        <${TextField} label=${t("create.description")} value=${description} onInput=${setDescription}
          maxLength=${500} error=${errors["description"]} />
        ${runtimes.length > 1 &&
        html`<div class="field"><span class="legend">${t("functions.language")}</span>
          <div><${Segmented} label=${t("functions.language")} value=${runtime} onChange=${setRuntime}
            options=${runtimes.map((one) => [one, languageName(one)])} /></div></div>`}
      </div>
    <//>
    <${Card} title=${t("create.template")}>
      <div class="stack">
        <div class="templates" role="group" aria-label=${t("create.template")}>
          ${TEMPLATES.map(
            (one) => html`<button key=${one.id} type="button" class="template" aria-pressed=${String(one.id === template)}
              onClick=${() => setTemplate(one.id)}>
              <${Icon} name=${one.icon} />
              <strong>${t(/** @type {any} */ (`template.${one.id}`))}</strong>
              <span class="hint">${t(/** @type {any} */ (`templateText.${one.id}`))}</span>
            </button>`,
          )}
        </div>
        <${Loaded} of=${code}>
          ${(/** @type {string} */ text) => html`<${CodeBlock} text=${text} label=${t("create.preview")} />`}
        <//>
      </div>
    <//>
    <details class="card" open=${Boolean(errors["cron_schedule"])}>
      <summary class="card-head">${t("create.more")}</summary>
      <div class="card-body stack">
        <${TextField} label=${t("schedule.expression")} hint=${t("create.scheduleHint")} value=${schedule} onInput=${setSchedule} mono
          placeholder="*/5 * * * *" maxLength=${100} error=${errors["cron_schedule"]} autocomplete="off" />
        <${TextField} label=${t("env.title")} hint=${t("env.dotenv")} value=${dotenv} onInput=${setDotenv} mono rows=${4}
          error=${variables.problems.length ? t("env.badLines", { lines: variables.problems.join(", ") }) : undefined} />
      </div>
    </details>
    <div class="actions">
      <${Button} kind="primary" type="submit" busy=${isBusy}
        disabled=${!name.trim() || code.isLoading || code.data === undefined || variables.problems.length > 0}>${t("create.submit")}<//>
      <${LinkButton} href=${href("/functions")}>${t("dialog.cancel")}<//>
    </div>
  </form>`;
}

/**
 * The function exists already: what is wrong with the variables is told on its own.
 *
 * @param {string} id
 * @param {[string, string][]} pairs
 */
async function setVariables(id, pairs) {
  if (pairs.length > 0) await put(`/api/functions/${id}/env`, { env_vars: Object.fromEntries(pairs) });
}
