// Code that has been written and not saved, kept on this device.

import { read, write } from "../preferences.js";

/** @typedef {{ code: string, base: number }} Draft  *base* is the version that was changed */

/** @param {string} functionId */
const key = (functionId) => `perilune-draft:${functionId}`;

/**
 * @param {string} functionId
 * @returns {Draft | null}
 */
export function draftOf(functionId) {
  try {
    const kept = JSON.parse(read(key(functionId)) ?? "null");
    return kept && typeof kept.code === "string" && typeof kept.base === "number" ? kept : null;
  } catch {
    return null;
  }
}

/**
 * @param {string} functionId
 * @param {Draft | null} draft  null forgets it
 */
export function keepDraft(functionId, draft) {
  write(key(functionId), draft && JSON.stringify(draft));
}
