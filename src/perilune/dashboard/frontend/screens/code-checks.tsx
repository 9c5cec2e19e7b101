// What the server says of code that is being written.

import { useEffect, useState } from "preact/hooks";
import type { FunctionRecord } from "../answers.ts";
import { get, post } from "../api.ts";
import type { Marker } from "../editor/editor.tsx";
import { t } from "../i18n.ts";
import { confirm } from "../ui/dialog.tsx";
import { Icon } from "../ui/icon.tsx";

const CHECK_DELAY_MS = 500;

/** What the server finds wrong in *code*, a moment after it was changed; null until it is known. */
export function useCheck(id: string, code: string) {
  const [markers, setMarkers] = useState<Marker[] | null>(null);
  useEffect(() => {
    let isCurrent = true;
    const timer = setTimeout(async () => {
      try {
        const found = await problemsOf(id, code);
        if (isCurrent) setMarkers((before) => (JSON.stringify(before) === JSON.stringify(found) ? before : found));
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

export function Problems({ markers, onShow }: { markers: readonly Marker[] | null; onShow: (line: number) => void }) {
  if (markers === null) return <p class="problems" role="status"></p>;
  if (markers.length === 0) {
    return <p class="problems good" role="status"><Icon name="check" />{t("editor.noProblems")}</p>;
  }
  return <ul class="problems bad" role="status">
    {markers.map(
      (one) => <li key={`${one.line}:${one.message}`}>
        <button class="button ghost small" type="button" onClick={() => onShow(one.line)}>{t("code.line", { line: one.line })}</button>
        <span>{one.message}</span>
      </li>,
    )}
  </ul>;
}

/**
 * Whether *base* is still the active version, or may be replaced though it is not.
 *
 * @param base  the version that was changed
 */
export async function mayOverwrite(id: string, base: number) {
  const now = await get<FunctionRecord>(`/api/functions/${id}`).catch(() => null);
  if (!now || (now.active_version?.version ?? 0) === base) return true;
  return confirm({
    title: t("code.conflict"),
    text: t("code.conflictText", { version: now.active_version?.version ?? 0 }),
    confirm: t("code.saveAnyway"),
    danger: true,
  });
}

/** Whether *code* runs, or may be saved though it does not. */
export async function mayBeBroken(id: string, code: string) {
  const [first] = await problemsOf(id, code).catch(() => []); // saving will say what is the matter
  if (!first) return true;
  return confirm({
    title: t("code.broken"),
    text: t("code.brokenText", { line: first.line, message: first.message }),
    confirm: t("code.saveAnyway"),
    danger: true,
  });
}

/** @throws {ApiError} */
async function problemsOf(id: string, code: string): Promise<Marker[]> {
  const { errors } = await post<{ errors: Partial<Marker>[] }>(`/api/functions/${id}/check`, { code });
  return errors.map((one) => ({ message: "", ...one, line: one.line ?? 1 }));
}
