// What the palette offers for functions: their screens, and what can be done with them.

import { useEffect, useMemo, useState } from "preact/hooks";
import { get, post, put } from "../api.ts";
import { errorText } from "../errors.ts";
import { t } from "../i18n.ts";
import { changes } from "../resource.ts";
import { go } from "../router.ts";
import type { Command } from "./palette-rank.ts";
import { toast } from "./toast.tsx";

const SEARCH_DELAY_MS = 120;

/**
 * Commands of functions: the latest, whose names may match loosely, and what the server
 * finds among all for *text*.
 */
export function useFunctionCommands(text: string) {
  const [latest, setLatest] = useState<Summary[]>([]);
  const [found, setFound] = useState<Summary[]>([]);
  useEffect(() => load({ limit: 100 }, setLatest), []);
  const wanted = text.trim();
  useEffect(() => (wanted ? load({ q: wanted, limit: 20 }, setFound) : undefined), [wanted]);
  return useMemo(() => {
    const each = new Map([...latest, ...(wanted ? found : [])].map((one) => [one.id, one]));
    return [...each.values()].flatMap(commandsOf);
  }, [latest, found, wanted]);
}

type Summary = { id: string; name: string; disabled: boolean; cron_schedule?: string; cron_status?: string };

function load(query: Record<string, string | number>, take: (functions: Summary[]) => void) {
  const stop = new AbortController();
  const timer = setTimeout(
    () =>
      get<{ functions: Summary[] }>("/api/functions", { query: { ...query, fields: "summary" }, signal: stop.signal }).then(
        ({ functions }) => take(functions),
        () => {}, // the other commands work without
      ),
    query["q"] ? SEARCH_DELAY_MS : 0,
  );
  return () => {
    clearTimeout(timer);
    stop.abort();
  };
}

function commandsOf({ id, name, disabled, cron_schedule: schedule, cron_status: status }: Summary): Command[] {
  const isActive = status === "active";
  const tabs = [
    ["versions", "tab.versions"],
    ["executions", "tab.executions"],
    ["data", "tab.data"],
    ["settings", "tab.settings"],
    ["test", "tab.test"],
  ] as const;
  return [
    {
      id: `fn:${id}`,
      label: name,
      detail: disabled ? t("function.disabled") : t("palette.openCode"),
      run: () => go(`/functions/${id}`),
    },
    ...tabs.map(([tab, key]) => ({
      id: `fn:${id}:${tab}`,
      label: `${name} → ${t(key)}`,
      run: () => go(`/functions/${id}/${tab}`),
    })),
    { id: `fn:${id}:run`, label: `${name} → ${t("palette.run")}`, run: () => void execute(id, name, "http") },
    {
      id: `fn:${id}:${disabled ? "enable" : "disable"}`,
      label: `${name} → ${disabled ? t("functions.enable") : t("functions.disable")}`,
      run: () => void change(id, { disabled: !disabled }),
    },
    ...(schedule
      ? [
          {
            id: `fn:${id}:cron`,
            label: `${name} → ${t("palette.runScheduled")}`,
            run: () => void execute(id, name, "cron"),
          },
          {
            id: `fn:${id}:${isActive ? "pause" : "resume"}`,
            label: `${name} → ${isActive ? t("palette.pause") : t("palette.resume")}`,
            run: () => void change(id, { cron_status: isActive ? "paused" : "active" }),
          },
        ]
      : []),
  ];
}

/** Change settings of a function, and have what is on the screen loaded again. */
async function change(id: string, settings: Record<string, unknown>) {
  try {
    await put(`/api/functions/${id}`, settings);
    toast("good", t("settings.saved"));
    changes.set(changes.get() + 1);
  } catch (problem) {
    toast("bad", errorText(problem));
  }
}

/**
 * Execute the active version as a test, and show how it went.
 *
 * @param trigger  whose event it gets
 */
async function execute(id: string, name: string, trigger: "http" | "cron") {
  toast("info", t("palette.running", { name }));
  try {
    const { execution_id: execution } = await post<{ execution_id: string }>(`/api/functions/${id}/test`, { event: { trigger } });
    go(`/executions/${execution}`);
  } catch (problem) {
    toast("bad", errorText(problem));
  }
}
