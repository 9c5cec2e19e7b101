// The code of a function: write, check, try, save.

import { get, post, put } from "../api.js";
import { draftOf, keepDraft } from "../editor/draft.js";
import { Editor } from "../editor/editor.js";
import { guestApi, guestHelp, inLanguage } from "../editor/guest-api.js";
import { errorText } from "../errors.js";
import { t } from "../i18n.js";
import { html, useEffect, useMemo, useRef, useState } from "../lib.js";
import { useAction } from "../resource.js";
import { go, guardLeaving } from "../router.js";
import { Badge, languageName } from "../ui/badge.js";
import { Button } from "../ui/button.js";
import { Card } from "../ui/card.js";
import { confirm } from "../ui/dialog.js";
import { FunctionFrame, tabPath } from "../ui/function-frame.js";
import { offerCommands } from "../ui/palette.js";
import { toast } from "../ui/toast.js";
import { Reference } from "./code-reference.js";

const CHECK_DELAY_MS = 500;
const FILES = { lua: "main.lua", javascript: "main.js", typescript: "main.ts", python: "main.py" };

/** @param {import("../routes.js").ScreenProps} props */
export default function Code({ params, query }) {
  const id = params["id"] ?? "";
  return html`<${FunctionFrame} id=${id} tab="code">
    ${(/** @type {any} */ data, /** @type {any} */ found) =>
      html`<${Workbench} key=${data.id} data=${data} found=${found} line=${Number(query.get("line")) || undefined} />`}
  <//>`;
}

/** @param {{ data: any, found: import("../resource.js").Resource<any>, line?: number | undefined }} props */
function Workbench({ data, found, line }) {
  const active = data.active_version;
  const saved = active?.code ?? "";
  const draft = useMemo(() => draftOf(data.id), [data.id]);
  const [code, setCode] = useState(draft?.code ?? saved);
  const [isLarge, setLarge] = useState(false);
  const handle = useRef(/** @type {import("../editor/editor.js").EditorHandle | null} */ (null));
  const markers = useCheck(data.id, code);
  const modules = useGuestApi(data.runtime);
  const isChanged = code !== saved;
  const base = useRef(draft?.base ?? active?.version ?? 0); // the version that is being changed
  if (!isChanged) base.current = active?.version ?? 0;
  const isStale = isChanged && active && base.current !== active.version;
  useEffect(() => {
    keepDraft(data.id, isChanged ? { code, base: base.current } : null);
  }, [code, saved]);
  useLeaveGuard(isChanged);
  const [isSaving, save] = useAction(async (/** @type {{ andTest?: boolean } | undefined} */ how) => {
    if (!(await mayOverwrite(data)) || !(await mayBeBroken(data.id, code))) return;
    try {
      const changed = await put(`/api/functions/${data.id}`, { code });
      keepDraft(data.id, null);
      found.change(() => changed);
      toast("good", t("code.saved", { version: changed.active_version.version }));
      if (how?.andTest) {
        guardLeaving(null);
        go(tabPath(data.id, "test"));
      }
    } catch (problem) {
      toast("bad", errorText(problem));
    }
  });
  useEffect(
    () =>
      offerCommands("code", [
        { id: "code:save", label: t("code.save"), run: () => void save() },
        {
          id: "code:large",
          label: isLarge ? t("code.restore") : t("code.maximize"),
          run: () => setLarge(!isLarge),
        },
      ]),
    [isLarge, code],
  );
  const discard = async () => {
    const question = { title: t("code.discard"), text: t("code.discardText"), confirm: t("code.discard"), danger: true };
    if (await confirm(question)) handle.current?.replace(saved);
  };
  const actions = html`
    ${isChanged && html`<${Badge} tone="warn" dot>${t("code.unsaved")}<//>`}
    ${isChanged && html`<${Button} small icon="undo" onClick=${discard}>${t("code.discard")}<//>`}
    <${Button} small icon="expand" label=${isLarge ? t("code.restore") : t("code.maximize")}
      onClick=${() => setLarge(!isLarge)} />
    <${Button} small disabled=${!isChanged} onClick=${() => save({ andTest: true })}>${t("code.saveAndTest")}<//>
    <${Button} small kind="primary" busy=${isSaving} disabled=${!isChanged} onClick=${() => save()}>${t("code.save")}<//>
  `;
  return html`<div class=${isLarge ? "workbench large" : "workbench columns-side"}>
    <${Card} flush actions=${actions}
      title=${html`<span class="mono">${FILES[/** @type {keyof typeof FILES} */ (data.runtime)] ?? "main"}</span>`}
      subtitle=${languageName(data.runtime)}>
      ${isStale &&
      html`<p class="note warn" role="status">${t("code.stale", { base: base.current, version: active.version })}</p>`}
      <${Problems} markers=${markers} onShow=${(/** @type {number} */ at) => handle.current?.showLine(at)} />
      <${Editor} value=${code} runtime=${data.runtime} label=${t("code.label", { name: data.name })} line=${line}
        markers=${markers} onChange=${setCode} onSave=${() => isChanged && save()}
        extend=${(/** @type {any} */ cm) => (modules ? guestHelp(cm, modules) : [])}
        key=${modules ? "helped" : "plain"}
        onReady=${(/** @type {any} */ ready) => {
          handle.current = ready;
        }} />
    <//>
    ${!isLarge &&
    html`<${Reference} modules=${modules} onInsert=${(/** @type {string} */ text) => handle.current?.insert(text)} />`}
  </div>`;
}

/** @param {{ markers: readonly import("../editor/editor.js").Marker[], onShow: (line: number) => void }} props */
function Problems({ markers, onShow }) {
  if (markers.length === 0) return null;
  return html`<ul class="problems" role="status">
    ${markers.map(
      (one) => html`<li key=${`${one.line}:${one.message}`}>
        <button class="button ghost small" type="button" onClick=${() => onShow(one.line)}>${t("code.line", { line: one.line })}</button>
        <span>${one.message}</span>
      </li>`,
    )}
  </ul>`;
}

/**
 * What the server finds wrong in *code*, a moment after it was changed.
 *
 * @param {string} id
 * @param {string} code
 */
function useCheck(id, code) {
  const [markers, setMarkers] = useState(/** @type {import("../editor/editor.js").Marker[]} */ ([]));
  useEffect(() => {
    let isCurrent = true;
    const timer = setTimeout(async () => {
      try {
        const found = await problemsOf(id, code);
        if (isCurrent) setMarkers((before) => (same(before, found) ? before : found));
      } catch {
        // Without an answer nothing is known to be wrong.
      }
    }, CHECK_DELAY_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [id, code]);
  return markers;
}

/** The guest API as this language has it; null until it is there. @param {string} runtime */
function useGuestApi(runtime) {
  const [modules, setModules] = useState(/** @type {import("../editor/guest-api.js").GuestModule[] | null} */ (null));
  useEffect(() => {
    guestApi().then((found) => setModules(inLanguage(found, runtime)), () => {});
  }, [runtime]);
  return modules;
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
 * Whether the active version is still the one that was changed, or may be replaced.
 *
 * @param {any} data
 */
async function mayOverwrite(data) {
  const now = await get(`/api/functions/${data.id}`).catch(() => null);
  if (!now || now.active_version?.version === data.active_version?.version) return true;
  return confirm({
    title: t("code.conflict"),
    text: t("code.conflictText", { version: now.active_version?.version ?? 0 }),
    confirm: t("code.saveAnyway"),
    danger: true,
  });
}

/**
 * What is wrong with *code*, for the editor.
 *
 * @param {string} id
 * @param {string} code
 * @returns {Promise<import("../editor/editor.js").Marker[]>}
 * @throws {ApiError}
 */
async function problemsOf(id, code) {
  const { errors } = await post(`/api/functions/${id}/check`, { code });
  return errors.map((/** @type {any} */ one) => ({ ...one, line: one.line ?? 1 }));
}

/**
 * Whether *code* runs, or may be saved though it does not.
 *
 * @param {string} id
 * @param {string} code
 */
async function mayBeBroken(id, code) {
  const [first] = await problemsOf(id, code).catch(() => []); // saving will say what is the matter
  if (!first) return true;
  return confirm({
    title: t("code.broken"),
    text: t("code.brokenText", { line: first.line, message: first.message }),
    confirm: t("code.saveAnyway"),
    danger: true,
  });
}

/**
 * @param {readonly unknown[]} one
 * @param {readonly unknown[]} other
 */
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
