// What is shown while there is nothing to show: loading, failed, empty.

import type { ComponentChildren } from "preact";
import type { ApiError } from "../api.ts";
import { errorText } from "../errors.ts";
import { t } from "../i18n.ts";
import type { Resource } from "../resource.ts";
import { href } from "../router.ts";
import { Button, LinkButton } from "./button.tsx";

export function Loading({ what = t("state.loading") }: { what?: string }) {
  return <div class="loading" role="status"><span class="spinner" aria-hidden="true"></span>{what}</div>;
}

/** @param props  *back* leads to a list, where this stands for a whole screen */
export function LoadError({ error, onRetry, title, back }: {
  error: ApiError;
  onRetry: () => void;
  title?: string;
  back?: Back | undefined;
}) {
  const Heading = back ? "h1" : "h2";
  return <div class="empty" role="alert">
    <Heading>{title ?? (error.status === 404 ? t("state.notFound") : t("state.failed"))}</Heading>
    <p>{errorText(error)}</p>
    <div class="actions">
      {back && <LinkButton icon="arrowLeft" href={href(back.path)}>{back.text}</LinkButton>}
      <Button icon="refresh" onClick={onRetry}>{t("state.retry")}</Button>
    </div>
  </div>;
}

/** Where a screen that has nothing to show leads back to. */
export interface Back {
  path: string;
  text: string;
}

/** @param props  *isScreen* where nothing else is on the screen */
export function Empty({ title, text, isScreen = false, children }: {
  title: string;
  text?: string;
  isScreen?: boolean;
  children?: ComponentChildren;
}) {
  const Heading = isScreen ? "h1" : "h3";
  return <div class="empty">
    <Heading>{title}</Heading>
    {text && <p>{text}</p>} {children && <div class="actions">{children}</div>}
  </div>;
}

/**
 * The view of a resource: its states, then *children* with the data.
 *
 * @param props  *back* where it is all that a screen shows
 */
export function Loaded<T>({ of, back, children }: {
  of: Resource<T>;
  back?: Back;
  children: (data: T) => ComponentChildren;
}) {
  if (of.data !== undefined) return <><StaleNote of={of} /><div class={of.error ? "loaded stale" : "loaded"}>{children(of.data)}</div></>;
  if (of.error) return <LoadError error={of.error} onRetry={of.reload} back={back} />;
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
