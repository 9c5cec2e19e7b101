// A new function: name, language, and what to begin with.

import { useState } from "preact/hooks";
import type { FunctionRecord, ServerVersion } from "../answers.ts";
import { ApiError, get, post, put } from "../api.ts";
import { parseDotenv } from "../dotenv.ts";
import { errorText, fieldError } from "../errors.ts";
import { t } from "../i18n.ts";
import { useAction, useResource } from "../resource.ts";
import { go, href } from "../router.ts";
import type { ScreenProps } from "../routes.ts";
import { TEMPLATES, hasTemplates, templateCode } from "../templates.ts";
import { languageName } from "../ui/badge.tsx";
import { Button, LinkButton } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { CodeBlock } from "../ui/code.tsx";
import { Segmented, TextField } from "../ui/field.tsx";
import { Icon } from "../ui/icon.tsx";
import { Loaded } from "../ui/state.tsx";
import { toast } from "../ui/toast.tsx";

const FIELDS = ["name", "description", "cron_schedule"];

export default function Create(_props: ScreenProps) {
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [runtime, setRuntime] = useState("lua");
  const [template, setTemplate] = useState("http");
  const [schedule, setSchedule] = useState("");
  const [dotenv, setDotenv] = useState("");
  const [errors, setErrors] = useState<Record<string, string>>({});
  const code = useResource(() => templateCode(template, runtime), [template, runtime]);
  const { pairs, problems: badLines } = parseDotenv(dotenv);
  const [isBusy, create] = useAction(async () => {
    const about = description ? { description } : {};
    const when = schedule ? { cron_schedule: schedule, cron_status: "active" } : {};
    try {
      await createFunction({ name, ...about, ...when, runtime, code: code.data }, pairs);
    } catch (problem) {
      const error = problem instanceof ApiError ? problem : new ApiError(0, String(problem));
      if (FIELDS.includes(error.field)) setErrors({ [error.field]: fieldError(error) });
      else toast("bad", errorText(error));
    }
  });
  const submit = (event: Event) => {
    event.preventDefault();
    if (code.isLoading) return; // what is there is still the code of the template before
    setErrors({});
    void create();
  };
  return <form class="screen" onSubmit={submit}>
    <div>
      <a class="muted row" href={href("/functions")}><Icon name="arrowLeft" />{t("nav.functions")}</a>
      <h1>{t("create.title")}</h1>
    </div>
    <Card title={t("create.about")}>
      <div class="stack">
        <TextField label={t("functions.name")} value={name} onInput={setName} mono required focus
          placeholder="payment-webhook" maxLength={100} error={errors["name"]} autocomplete="off" />
        <TextField label={t("create.description")} value={description} onInput={setDescription}
          maxLength={500} error={errors["description"]} />
        <Languages chosen={runtime} onChoose={setRuntime} />
      </div>
    </Card>
    <Card title={t("create.template")}>
      <div class="stack">
        <Templates chosen={template} onChoose={setTemplate} />
        <Loaded of={code}>
          {(text) => <CodeBlock text={text} label={t("create.preview")} />}
        </Loaded>
      </div>
    </Card>
    <More schedule={schedule} onSchedule={setSchedule} scheduleError={errors["cron_schedule"]}
      dotenv={dotenv} onDotenv={setDotenv} badLines={badLines} />
    <div class="actions">
      <Button kind="primary" type="submit" busy={isBusy}
        disabled={!name.trim() || code.isLoading || code.data === undefined || badLines.length > 0}>{t("create.submit")}</Button>
      <LinkButton href={href("/functions")}>{t("dialog.cancel")}</LinkButton>
    </div>
  </form>;
}

/** The languages of this server, if there is a choice. */
function Languages({ chosen, onChoose }: { chosen: string; onChoose: (runtime: string) => void }) {
  const server = useResource((signal) => get<ServerVersion>("/api/version", { signal }), []);
  const runtimes = (server.data?.runtimes ?? ["lua"]).filter(hasTemplates);
  if (runtimes.length < 2) return null;
  return <div class="field"><span class="legend">{t("functions.language")}</span>
    <div><Segmented label={t("functions.language")} value={chosen} onChange={onChoose}
      options={runtimes.map((one) => [one, languageName(one)])} /></div></div>;
}

function Templates({ chosen, onChoose }: { chosen: string; onChoose: (template: string) => void }) {
  return <div class="templates" role="group" aria-label={t("create.template")}>
    {TEMPLATES.map(
      (one) => <button key={one.id} type="button" class="template" aria-pressed={one.id === chosen}
        onClick={() => onChoose(one.id)}>
        <Icon name={one.icon} />
        <strong>{t(`template.${one.id}`)}</strong>
        <span class="hint">{t(`templateText.${one.id}`)}</span>
      </button>,
    )}
  </div>;
}

function More({ schedule, onSchedule, scheduleError, dotenv, onDotenv, badLines }: {
  schedule: string;
  onSchedule: (schedule: string) => void;
  scheduleError: string | undefined;
  dotenv: string;
  onDotenv: (text: string) => void;
  badLines: number[];
}) {
  return <details class="card" open={Boolean(scheduleError)}>
    <summary class="card-head">{t("create.more")}</summary>
    <div class="card-body stack">
      <TextField label={t("schedule.expression")} hint={t("create.scheduleHint")} value={schedule} onInput={onSchedule} mono
        placeholder="*/5 * * * *" maxLength={100} error={scheduleError} autocomplete="off" />
      <TextField label={t("env.title")} hint={t("env.dotenv")} value={dotenv} onInput={onDotenv} mono rows={4}
        error={badLines.length ? t("env.badLines", { lines: badLines.join(", ") }) : undefined} />
    </div>
  </details>;
}

/** Create a function and go to it, then set its variables: what is wrong with them is told on its own. */
async function createFunction(given: object, variables: [string, string][]) {
  const made = await post<FunctionRecord>("/api/functions", given);
  toast("good", t("create.done", { name: made.name }));
  go(`/functions/${made.id}`);
  if (variables.length > 0) await put(`/api/functions/${made.id}/env`, { env_vars: Object.fromEntries(variables) });
}
