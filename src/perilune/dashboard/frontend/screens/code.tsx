// The code of a function: write, check, try, save.

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { FunctionRecord, Version } from "../answers.ts";
import { get, put } from "../api.ts";
import { draftOf, keepDraft } from "../editor/draft.ts";
import { Editor, type CodeMirror, type EditorHandle } from "../editor/editor.tsx";
import { guestApi, guestHelp, inLanguage, type GuestApi } from "../editor/guest-api.ts";
import { errorText } from "../errors.ts";
import { t } from "../i18n.ts";
import { useAction, type Resource } from "../resource.ts";
import { go, guardLeaving, href, setQuery } from "../router.ts";
import type { ScreenProps } from "../routes.ts";
import { Badge, languageName } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { confirm } from "../ui/dialog.tsx";
import { TextField } from "../ui/field.tsx";
import { FunctionFrame, tabPath } from "../ui/function-frame.tsx";
import { offerCommands } from "../ui/palette.tsx";
import { toast } from "../ui/toast.tsx";
import { Problems, mayBeBroken, mayOverwrite, useCheck } from "./code-checks.tsx";
import { useMaximized } from "./code-maximized.ts";
import { Reference } from "./code-reference.tsx";
import { TrialResult, useTrial } from "./code-run.tsx";
import { VersionCode } from "./code-version.tsx";

const FILES: Record<string, string> = { lua: "main.lua", javascript: "main.js", typescript: "main.ts", python: "main.py" };
const MAX_NOTE_CHARS = 500;

export default function Code({ params, query }: ScreenProps) {
  const id = params["id"] ?? "";
  const line = Number(query.get("line")) || undefined;
  const wanted = Number(query.get("version")) || 0;
  return <FunctionFrame id={id} tab="code">
    {(data, found) => <Shown data={data} found={found} wanted={wanted} line={line} />}
  </FunctionFrame>;
}

type ShownProps = { data: FunctionRecord; found: Resource<FunctionRecord>; line?: number | undefined };

/** The code to write, or a version to read: decided once for an address, whatever is saved meanwhile. */
function Shown({ wanted, ...props }: ShownProps & { wanted: number }) {
  const { data } = props;
  const decided = useRef<{ address: string; isWritable: boolean } | null>(null);
  const address = `${data.id} ${wanted}`;
  if (decided.current?.address !== address) {
    // The active version can be written on, unless its lines have been moved by a draft.
    const isActive = wanted === data.active_version?.version && !draftOf(data.id);
    decided.current = { address, isWritable: !wanted || isActive };
  }
  return decided.current.isWritable
    ? <Workbench key={data.id} {...props} />
    : <VersionCode key={wanted} number={wanted} {...props} />;
}

function Workbench({ data, found, line }: ShownProps) {
  const { id, runtime } = data;
  const active = data.active_version;
  const handle = useRef<EditorHandle | null>(null);
  const card = useRef<HTMLDivElement | null>(null);
  const [isLarge, setLarge] = useMaximized(card);
  const { code, setCode, saved, isChanged, base } = useDraft(id, active);
  const markers = useCheck(id, code);
  const { api, help } = useGuestHelp(runtime);
  const { trial, isRunning, run, close } = useTrial(id);
  useNewVersions(data, found, { code, replace: (text) => handle.current?.replace(text) });
  const { note, setNote, isSaving, save } = useSaving(id, found, () => ({ code, base: base.current }));
  const format = () => sayFormatted(handle.current?.format());
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
  const actions = <>
    {isChanged && <Badge tone="warn" dot>{t("code.unsaved")}</Badge>}
    <Button small icon="play" busy={isRunning} onClick={() => run(code)}>{t("code.run")}</Button>
    <Button small onClick={format}>{t("code.format")}</Button>
    <Button small icon="expand" label={size.label} onClick={size.run} />
  </>;
  const foot = <SaveBar isChanged={isChanged} isSaving={isSaving} note={note} onNote={setNote} onSave={save}
    onDiscard={() => handle.current?.replace(saved)} />;
  return <div class={isLarge ? "workbench large" : "workbench columns-side"}>
    {isLarge && <div class="workbench-scrim" onClick={() => setLarge(false)}></div>}
    <div class="workbench-main" ref={card}>
      <Card flush actions={actions} foot={foot} title={<span class="mono">{FILES[runtime] ?? "main"}</span>}
        subtitle={languageName(runtime)}>
        {isChanged && active && base.current !== active.version && <Stale id={id} base={base.current} version={active.version} />}
        <Editor value={code} runtime={runtime} label={t("code.label", { name: data.name })} line={line}
          markers={markers ?? undefined} onChange={setCode} onSave={() => isChanged && save()} onRun={() => run(code)}
          extend={help}
          onReady={(ready) => {
            handle.current = ready;
          }} />
        <Problems markers={markers} onShow={(at) => handle.current?.showLine(at)} />
        {trial && <TrialResult id={id} trial={trial} onLine={(at) => handle.current?.showLine(at)} onClose={close} />}
      </Card>
    </div>
    {!isLarge && <Reference api={api} onInsert={(text) => handle.current?.insert(text)} />}
  </div>;
}

/** The code that is written: the active version's, or a draft, which is kept as long as it differs. */
function useDraft(id: string, active: Version | null) {
  const saved: string = active?.code ?? "";
  const draft = useMemo(() => draftOf(id), [id]);
  const [code, setCode] = useState(draft?.code ?? saved);
  const isChanged = code !== saved;
  const base = useRef<number>(draft?.base ?? active?.version ?? 0); // the version that is being changed
  if (!isChanged) base.current = active?.version ?? 0;
  useEffect(() => {
    keepDraft(id, isChanged ? { code, base: base.current } : null);
  }, [code, saved]);
  useLeaveGuard(isChanged);
  return { code, setCode, saved, isChanged, base };
}

/** Saves what *written* gives as a new version, with the note that was typed. */
function useSaving(id: string, found: Resource<FunctionRecord>, written: () => { code: string; base: number }) {
  const [note, setNote] = useState("");
  const [isSaving, save] = useAction(async ({ andTest = false }: { andTest?: boolean } = {}) => {
    const { code, base } = written();
    if (!(await mayOverwrite(id, base)) || !(await mayBeBroken(id, code))) return;
    try {
      const changed = await put<FunctionRecord>(`/api/functions/${id}`, { code, ...(note.trim() ? { note } : {}) });
      keepDraft(id, null);
      setNote("");
      // The address must not go on naming the version before.
      setQuery({ version: null, line: null });
      found.change(() => changed);
      toast("good", t("code.saved", { version: changed.active_version?.version ?? 0 }));
      if (andTest) {
        guardLeaving(null);
        go(tabPath(id, "test"));
      }
    } catch (problem) {
      toast("bad", errorText(problem));
    }
  });
  return { note, setNote, isSaving, save };
}

function SaveBar({ isChanged, isSaving, note, onNote, onSave, onDiscard }: {
  isChanged: boolean;
  isSaving: boolean;
  note: string;
  onNote: (note: string) => void;
  onSave: (how?: { andTest?: boolean }) => Promise<void>;
  onDiscard: () => void;
}) {
  const discard = async () => {
    const question = { title: t("code.discard"), text: t("code.discardText"), confirm: t("code.discard"), danger: true };
    if (await confirm(question)) onDiscard();
  };
  return <>
    <div class="grow"><TextField label={t("code.note")} hideLabel placeholder={t("code.note")} value={note}
      onInput={onNote} maxLength={MAX_NOTE_CHARS} disabled={!isChanged}
      onKeyDown={(event) => event.key === "Enter" && void onSave()} /></div>
    {isChanged && <Button icon="undo" onClick={discard}>{t("code.discard")}</Button>}
    <Button disabled={!isChanged} onClick={() => onSave({ andTest: true })}>{t("code.saveAndTest")}</Button>
    <Button kind="primary" busy={isSaving} disabled={!isChanged} onClick={() => onSave()}>{t("code.save")}</Button>
  </>;
}

/** Says that the draft began with another version. */
function Stale({ id, base, version }: { id: string; base: number; version: number }) {
  return <div class="note warn">
    <p class="grow" role="status">{t("code.stale", { base, version })}</p>
    <a href={href(`/functions/${id}/diff/${base}/${version}`)} target="_blank" rel="noopener">{t("code.whatChanged")}</a>
  </div>;
}

function sayFormatted(outcome: "done" | "nothing" | "unclear" | undefined) {
  if (outcome === "done") toast("good", t("code.formatted"));
  if (outcome === "nothing") toast("info", t("code.wellFormatted"));
  if (outcome === "unclear") toast("warn", t("code.notFormatted"));
}

/** The guest API as this language has it, null until it is there, and the help that it gives the editor. */
function useGuestHelp(runtime: string) {
  const [api, setApi] = useState<GuestApi | null>(null);
  useEffect(() => {
    guestApi().then((found) => setApi(inLanguage(found, runtime)), () => {});
  }, [runtime]);
  const help = useMemo(
    () => (cm: CodeMirror) => (api ? guestHelp(cm, api, runtime) : []),
    [api, runtime],
  );
  return { api, help };
}

function useLeaveGuard(isChanged: boolean) {
  // At once: the link that leaves may be followed right after something was typed.
  useLayoutEffect(() => {
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
 */
function useNewVersions(
  data: FunctionRecord,
  found: Resource<FunctionRecord>,
  { code, replace }: { code: string; replace: (text: string) => void },
) {
  const saved = data.active_version?.code ?? "";
  const before = useRef(saved);
  const latest = useRef(data);
  latest.current = data;
  useEffect(() => {
    if (code === before.current && code !== saved) replace(saved);
    before.current = saved;
  }, [saved]);
  useLayoutEffect(() => {
    const look = async () => {
      const now = await get<FunctionRecord>(`/api/functions/${data.id}`).catch(() => null);
      if (now && now.active_version?.version !== latest.current.active_version?.version) found.change(() => now);
    };
    addEventListener("focus", look);
    return () => removeEventListener("focus", look);
  }, [data.id]);
}
