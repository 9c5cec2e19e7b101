// The code of a function: write, check, try, save.

import { get, put } from "../api.js";
import { draftOf, keepDraft } from "../editor/draft.js";
import { Editor } from "../editor/editor.js";
import { guestApi, guestHelp, inLanguage } from "../editor/guest-api.js";
import { errorText } from "../errors.js";
import { t } from "../i18n.js";
import { html, useEffect, useMemo, useRef, useState } from "../lib.js";
import { useAction } from "../resource.js";
import { go, guardLeaving, href } from "../router.js";
import { Badge, languageName } from "../ui/badge.js";
import { Button } from "../ui/button.js";
import { Card } from "../ui/card.js";
import { confirm } from "../ui/dialog.js";
import { TextField } from "../ui/field.js";
import { FunctionFrame, tabPath } from "../ui/function-frame.js";
import { offerCommands } from "../ui/palette.js";
import { toast } from "../ui/toast.js";
import { Problems, mayBeBroken, mayOverwrite, useCheck } from "./code-checks.js";
import { useMaximized } from "./code-maximized.js";
import { Reference } from "./code-reference.js";
import { TrialResult, useTrial } from "./code-run.js";
import { VersionCode } from "./code-version.js";

/** @typedef {import("../editor/editor.js").EditorHandle} EditorHandle */

const FILES = { lua: "main.lua", javascript: "main.js", typescript: "main.ts", python: "main.py" };
const MAX_NOTE_CHARS = 500;

/** @param {import("../routes.js").ScreenProps} props */
export default function Code({ params, query }) {
  const id = params["id"] ?? "";
  const line = Number(query.get("line")) || undefined;
  const wanted = Number(query.get("version")) || 0;
  return html`<${FunctionFrame} id=${id} tab="code">
    ${(/** @type {any} */ data, /** @type {any} */ found) => {
      // The active version can be written on, unless its lines have been moved by a draft.
      const isActive = wanted === data.active_version?.version && !draftOf(data.id);
      return wanted && !isActive
        ? html`<${VersionCode} key=${wanted} data=${data} found=${found} number=${wanted} line=${line} />`
        : html`<${Workbench} key=${data.id} data=${data} found=${found} line=${line} />`;
    }}
  <//>`;
}

/** @param {{ data: any, found: import("../resource.js").Resource<any>, line?: number | undefined }} props */
function Workbench({ data, found, line }) {
  const { id, runtime } = data;
  const active = data.active_version;
  const saved = active?.code ?? "";
  const draft = useMemo(() => draftOf(id), [id]);
  const [code, setCode] = useState(draft?.code ?? saved);
  const [note, setNote] = useState("");
  const handle = useRef(/** @type {EditorHandle | null} */ (null));
  const card = useRef(/** @type {HTMLElement | null} */ (null));
  const [isLarge, setLarge] = useMaximized(card);
  const markers = useCheck(id, code);
  const { api, help } = useGuestHelp(runtime);
  const { trial, isRunning, run, close } = useTrial(id);
  const isChanged = code !== saved;
  const base = useRef(draft?.base ?? active?.version ?? 0); // the version that is being changed
  if (!isChanged) base.current = active?.version ?? 0;
  useEffect(() => {
    keepDraft(id, isChanged ? { code, base: base.current } : null);
  }, [code, saved]);
  useLeaveGuard(isChanged);
  useNewVersions(data, found, { code, replace: (text) => handle.current?.replace(text) });
  const [isSaving, save] = useAction(async (/** @type {{ andTest?: boolean } | undefined} */ how) => {
    if (!(await mayOverwrite(id, base.current)) || !(await mayBeBroken(id, code))) return;
    try {
      const changed = await put(`/api/functions/${id}`, { code, ...(note.trim() ? { note } : {}) });
      keepDraft(id, null);
      setNote("");
      found.change(() => changed);
      toast("good", t("code.saved", { version: changed.active_version.version }));
      if (how?.andTest) {
        guardLeaving(null);
        go(tabPath(id, "test"));
      }
    } catch (problem) {
      toast("bad", errorText(problem));
    }
  });
  const format = () => sayFormatted(handle.current?.format());
  const discard = async () => {
    const question = { title: t("code.discard"), text: t("code.discardText"), confirm: t("code.discard"), danger: true };
    if (await confirm(question)) handle.current?.replace(saved);
  };
  const size = { label: isLarge ? t("code.restore") : t("code.maximize"), run: () => setLarge(!isLarge) };
  useEffect(
    () =>
      offerCommands("code", [
        { id: "code:save", label: t("code.save"), run: () => void save() },
        { id: "code:run", label: t("code.run"), run: () => void run(code) },
        { id: "code:format", label: t("code.format"), run: format },
        { id: "code:large", ...size },
      ]),
    [isLarge, code, note],
  );
  const actions = html`
    ${isChanged && html`<${Badge} tone="warn" dot>${t("code.unsaved")}<//>`}
    <${Button} small icon="play" busy=${isRunning} onClick=${() => run(code)}>${t("code.run")}<//>
    <${Button} small onClick=${format}>${t("code.format")}<//>
    <${Button} small icon="expand" label=${size.label} onClick=${size.run} />
  `;
  const foot = html`
    <div class="grow"><${TextField} label=${t("code.note")} hideLabel placeholder=${t("code.note")} value=${note}
      onInput=${setNote} maxLength=${MAX_NOTE_CHARS} disabled=${!isChanged}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Enter" && void save()} /></div>
    ${isChanged && html`<${Button} icon="undo" onClick=${discard}>${t("code.discard")}<//>`}
    <${Button} disabled=${!isChanged} onClick=${() => save({ andTest: true })}>${t("code.saveAndTest")}<//>
    <${Button} kind="primary" busy=${isSaving} disabled=${!isChanged} onClick=${() => save()}>${t("code.save")}<//>
  `;
  return html`<div class=${isLarge ? "workbench large" : "workbench columns-side"}>
    ${isLarge && html`<div class="workbench-scrim" onClick=${() => setLarge(false)}></div>`}
    <div class="workbench-main" ref=${card}>
      <${Card} flush actions=${actions} foot=${foot}
        title=${html`<span class="mono">${FILES[/** @type {keyof typeof FILES} */ (runtime)] ?? "main"}</span>`}
        subtitle=${languageName(runtime)}>
        ${isChanged && active && base.current !== active.version && html`<${Stale} id=${id} base=${base.current} version=${active.version} />`}
        <${Editor} value=${code} runtime=${runtime} label=${t("code.label", { name: data.name })} line=${line}
          markers=${markers ?? undefined} onChange=${setCode} onSave=${() => isChanged && save()} onRun=${() => run(code)}
          extend=${help}
          onReady=${(/** @type {EditorHandle} */ ready) => {
            handle.current = ready;
          }} />
        <${Problems} markers=${markers} onShow=${(/** @type {number} */ at) => handle.current?.showLine(at)} />
        ${trial && html`<${TrialResult} id=${id} trial=${trial} onLine=${(/** @type {number} */ at) => handle.current?.showLine(at)} onClose=${close} />`}
      <//>
    </div>
    ${!isLarge && html`<${Reference} api=${api} onInsert=${(/** @type {string} */ text) => handle.current?.insert(text)} />`}
  </div>`;
}

/** Says that the draft began with another version. @param {{ id: string, base: number, version: number }} props */
function Stale({ id, base, version }) {
  return html`<div class="note warn">
    <p class="grow" role="status">${t("code.stale", { base, version })}</p>
    <a href=${href(`/functions/${id}/diff/${base}/${version}`)} target="_blank" rel="noopener">${t("code.whatChanged")}</a>
  </div>`;
}

/** @param {"done" | "nothing" | "unclear" | undefined} outcome */
function sayFormatted(outcome) {
  if (outcome === "done") toast("good", t("code.formatted"));
  if (outcome === "nothing") toast("info", t("code.wellFormatted"));
  if (outcome === "unclear") toast("warn", t("code.notFormatted"));
}

/**
 * The guest API as this language has it, null until it is there, and the help that it gives the editor.
 *
 * @param {string} runtime
 */
function useGuestHelp(runtime) {
  const [api, setApi] = useState(/** @type {import("../editor/guest-api.js").GuestApi | null} */ (null));
  useEffect(() => {
    guestApi().then((found) => setApi(inLanguage(found, runtime)), () => {});
  }, [runtime]);
  const help = useMemo(
    () => (/** @type {import("../editor/editor.js").CodeMirror} */ cm) => (api ? guestHelp(cm, api, runtime) : []),
    [api, runtime],
  );
  return { api, help };
}

/** @param {boolean} isChanged */
function useLeaveGuard(isChanged) {
  useEffect(() => {
    if (!isChanged) return undefined;
    // The draft is kept, so leaving loses nothing; it should only not happen by accident.
    guardLeaving(() =>
      confirm({ title: t("code.leave"), text: t("code.leaveText"), confirm: t("code.leave") }),
    );
    return () => guardLeaving(null);
  }, [isChanged]);
}

/**
 * Look for a new active version whenever the window is turned to again.  It takes the place of code
 * that was not changed; beside a draft it is only said to be there.
 *
 * @param {any} data
 * @param {import("../resource.js").Resource<any>} found
 * @param {{ code: string, replace: (text: string) => void }} editor
 */
function useNewVersions(data, found, { code, replace }) {
  const saved = data.active_version?.code ?? "";
  const before = useRef(saved);
  const latest = useRef(data);
  latest.current = data;
  useEffect(() => {
    if (code === before.current && code !== saved) replace(saved);
    before.current = saved;
  }, [saved]);
  useEffect(() => {
    const look = async () => {
      const now = await get(`/api/functions/${data.id}`).catch(() => null);
      if (now && now.active_version?.version !== latest.current.active_version?.version) found.change(() => now);
    };
    addEventListener("focus", look);
    return () => removeEventListener("focus", look);
  }, [data.id]);
}
