// Code that has been written and not saved, kept on this device.

import { read, write } from "../preferences.ts";

/** *base* is the version that was changed. */
type Draft = { code: string; base: number };

const key = (functionId: string) => `perilune-draft:${functionId}`;

export function draftOf(functionId: string): Draft | null {
  try {
    const kept = JSON.parse(read(key(functionId)) ?? "null");
    return kept && typeof kept.code === "string" && typeof kept.base === "number" ? kept : null;
  } catch {
    return null;
  }
}

/** @param draft  null forgets it */
export function keepDraft(functionId: string, draft: Draft | null) {
  write(key(functionId), draft && JSON.stringify(draft));
}
