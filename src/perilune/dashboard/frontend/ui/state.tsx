// What is shown while there is nothing to show: loading, failed, empty.

import type { ComponentChildren } from "preact";
import type { ApiError } from "../api.ts";
import { errorText } from "../errors.ts";
import { t } from "../i18n.ts";
import type { Resource } from "../resource.ts";
import { Button } from "./button.tsx";

export function Loading({ what = t("state.loading") }: { what?: string }) {
  return <div class="loading" role="status"><span class="spinner" aria-hidden="true"></span>{what}</div>;
}

export function LoadError({ error, onRetry, title }: { error: ApiError; onRetry: () => void; title?: string }) {
  return <div class="empty" role="alert">
    <h2>{title ?? (error.status === 404 ? t("state.notFound") : t("state.failed"))}</h2>
    <p>{errorText(error)}</p>
    <div class="actions"><Button icon="refresh" onClick={onRetry}>{t("state.retry")}</Button></div>
  </div>;
}

export function Empty({ title, text, children }: { title: string; text?: string; children?: ComponentChildren }) {
  return <div class="empty">
    <h3>{title}</h3>
    {text && <p>{text}</p>} {children && <div class="actions">{children}</div>}
  </div>;
}

/** The view of a resource: its states, then *children* with the data. */
export function Loaded<T>({ of, children }: { of: Resource<T>; children: (data: T) => ComponentChildren }) {
  if (of.data !== undefined) return <><StaleNote of={of} />{children(of.data)}</>;
  if (of.error) return <LoadError error={of.error} onRetry={of.reload} />;
  return <Loading />;
}

/** What is shown is old, since loading it again failed; without the server the banner says so. */
function StaleNote<T>({ of }: { of: Resource<T> }) {
  if (!of.error || of.error.status === 0) return null;
  return <div class="note bad spread" role="alert">
    <span>{t("state.stale")} {errorText(of.error)}</span>
    <Button small icon="refresh" onClick={of.reload}>{t("state.retry")}</Button>
  </div>;
}
