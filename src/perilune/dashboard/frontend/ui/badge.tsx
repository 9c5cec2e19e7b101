// Small marks: states, ids, versions.

import type { ComponentChildren } from "preact";
import { callPath, callUrl, type Called } from "../call-url.ts";
import { hasText, t } from "../i18n.ts";
import { CopyButton } from "./button.tsx";

export type Tone = "good" | "bad" | "warn" | "info" | "accent" | "";

export function Badge({ tone = "", dot = false, title, children }: {
  tone?: Tone;
  dot?: boolean;
  title?: string | undefined;
  children?: ComponentChildren;
}) {
  return <span class={`badge ${tone}`} title={title}>
    {dot && <span class="dot" aria-hidden="true"></span>}{children}
  </span>;
}

const STATUS_TONES: Record<string, Tone> = { success: "good", error: "bad", pending: "" };

/** How an execution or a request ended. */
export function StatusBadge({ status }: { status: string }) {
  const key = `status.${status}`;
  return <Badge tone={STATUS_TONES[status] ?? ""} dot>{hasText(key) ? t(key) : status}</Badge>;
}

/** What started an execution. */
export function TriggerBadge({ trigger }: { trigger: string }) {
  const key = `trigger.${trigger}`;
  return <Badge tone={trigger === "cron" ? "info" : ""}>{hasText(key) ? t(key) : trigger}</Badge>;
}

/** Whether a function is enabled. */
export function EnabledBadge({ disabled }: { disabled: boolean }) {
  return <Badge tone={disabled ? "warn" : "good"} dot>
    {disabled ? t("function.disabled") : t("function.enabled")}
  </Badge>;
}

const LANGUAGES = { lua: "Lua", javascript: "JavaScript", typescript: "TypeScript", python: "Python" };

/** The name of a language that functions are written in. */
export function languageName(runtime: string) {
  return LANGUAGES[runtime as keyof typeof LANGUAGES] ?? runtime;
}

/** An id with a button that copies it. */
export function Id({ id, short = false }: { id: string; short?: boolean }) {
  return <span class="id mono" title={id}>
    {short ? id.slice(0, 8) : id}<CopyButton text={id} what={t("copy.id")} />
  </span>;
}

/** The path that a function is called by; what is copied is the whole URL. */
export function CallPath({ of }: { of: Called }) {
  const url = callUrl(of);
  return <span class="id mono" title={url}>{callPath(of)}<CopyButton text={url} what="URL" /></span>;
}
