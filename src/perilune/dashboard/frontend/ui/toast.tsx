// Short messages in the corner.

import { t } from "../i18n.ts";
import { createStore } from "../store.ts";
import { useStore } from "../use-store.ts";

const SHOWN_MS = 4000;
const ERROR_SHOWN_MS = 10_000;

type Toast = { id: number; kind: "good" | "bad" | "warn" | "info"; text: string };

const toasts = createStore<Toast[]>([]);
/** When each goes away. */
const timers = new Map<number, ReturnType<typeof setTimeout>>();
let last = 0;

/** Show *text* for a while. */
export function toast(kind: Toast["kind"], text: string) {
  last += 1;
  const one = { id: last, kind, text };
  toasts.set([...toasts.get().slice(-4), one]);
  leaveLater(one);
}

/** Where toasts appear; errors are read out at once, others when there is a pause. */
export function Toasts() {
  const shown = useStore(toasts);
  const list = (some: Toast[]) =>
    some.map(
      // Who points at one, or is in it, has all the time to read it.
      (one) => <div class={`toast ${one.kind}`} key={one.id} onMouseEnter={() => stay(one)} onMouseLeave={() => leaveLater(one)}
        onFocusIn={() => stay(one)} onFocusOut={() => leaveLater(one)}>
        <span class="grow">{one.text}</span>
        <button class="button ghost icon small" type="button" aria-label={t("toast.close")}
          onClick={() => dismiss(one.id)}>×</button>
      </div>,
    );
  return <div class="toasts">
    <div role="alert" aria-live="assertive" class="stack-s">{list(shown.filter((one) => one.kind === "bad"))}</div>
    <div role="status" aria-live="polite" class="stack-s">{list(shown.filter((one) => one.kind !== "bad"))}</div>
  </div>;
}

function stay({ id }: Toast) {
  clearTimeout(timers.get(id));
}

function leaveLater({ id, kind }: Toast) {
  clearTimeout(timers.get(id));
  timers.set(id, setTimeout(() => dismiss(id), kind === "bad" ? ERROR_SHOWN_MS : SHOWN_MS));
}

function dismiss(id: number) {
  clearTimeout(timers.get(id));
  timers.delete(id);
  toasts.set(toasts.get().filter((one) => one.id !== id));
}
