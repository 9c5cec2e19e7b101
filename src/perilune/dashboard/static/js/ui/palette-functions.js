// What the palette offers for functions: their screens, and what can be done with them.

import { get, post, put } from "../api.js";
import { errorText } from "../errors.js";
import { t } from "../i18n.js";
import { useEffect, useMemo, useState } from "../lib.js";
import { changes } from "../resource.js";
import { go } from "../router.js";
import { toast } from "./toast.js";

const SEARCH_DELAY_MS = 120;

/**
 * Commands of functions: the latest, whose names may match loosely, and what the server
 * finds among all for *text*.
 *
 * @param {string} text
 */
export function useFunctionCommands(text) {
  const [latest, setLatest] = useState(/** @type {Summary[]} */ ([]));
  const [found, setFound] = useState(/** @type {Summary[]} */ ([]));
  useEffect(() => load({ limit: 100 }, setLatest), []);
  const wanted = text.trim();
  useEffect(() => (wanted ? load({ q: wanted, limit: 20 }, setFound) : undefined), [wanted]);
  return useMemo(() => {
    const each = new Map([...latest, ...(wanted ? found : [])].map((one) => [one.id, one]));
    return [...each.values()].flatMap(commandsOf);
  }, [latest, found, wanted]);
}

/** @typedef {{ id: string, name: string, disabled: boolean, cron_schedule?: string, cron_status?: string }} Summary */

/**
 * @param {Record<string, string | number>} query
 * @param {(functions: Summary[]) => void} take
 */
function load(query, take) {
  const stop = new AbortController();
  const timer = setTimeout(
    () =>
      get("/api/functions", { query: { ...query, fields: "summary" }, signal: stop.signal }).then(
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

/**
 * @param {Summary} one
 * @returns {import("./palette.js").Command[]}
 */
function commandsOf({ id, name, disabled, cron_schedule: schedule, cron_status: status }) {
  const isActive = status === "active";
  const tabs = /** @type {const} */ ([
    ["versions", "tab.versions"],
    ["executions", "tab.executions"],
    ["data", "tab.data"],
    ["settings", "tab.settings"],
    ["test", "tab.test"],
  ]);
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

/**
 * Change settings of a function, and have what is on the screen loaded again.
 *
 * @param {string} id
 * @param {Record<string, unknown>} settings
 */
async function change(id, settings) {
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
 * @param {string} id
 * @param {string} name
 * @param {"http" | "cron"} trigger  whose event it gets
 */
async function execute(id, name, trigger) {
  toast("info", t("palette.running", { name }));
  try {
    const { execution_id: execution } = await post(`/api/functions/${id}/test`, { event: { trigger } });
    go(`/executions/${execution}`);
  } catch (problem) {
    toast("bad", errorText(problem));
  }
}
