// What a screen loads from the server, with its states.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ApiError, isReachable } from "./api.ts";
import { createStore } from "./store.ts";

export interface Resource<T> {
  data: T | undefined; // stays while it is loaded again
  error: ApiError | undefined;
  isLoading: boolean;
  reload: () => Promise<void>;
  change: (change: (data: T) => T) => void; // of what is shown, without asking the server
}

/** Counts up when something was changed that any view may show. */
export const changes = createStore(0);

/** Load when the view appears and whenever *dependencies* change. */
export function useResource<T>(
  load: (signal: AbortSignal) => Promise<T>,
  dependencies: readonly unknown[],
): Resource<T> {
  const [state, setState] = useState<{ data?: T; error?: ApiError; isLoading: boolean }>(
    { isLoading: true },
  );
  const current = useRef<AbortController | null>(null);
  const reload = useCallback(async () => {
    current.current?.abort();
    const mine = new AbortController();
    current.current = mine;
    setState((before) => ({ ...before, isLoading: true }));
    try {
      const data = await load(mine.signal);
      if (current.current === mine) setState({ data, isLoading: false });
    } catch (problem) {
      if (current.current !== mine || mine.signal.aborted) return;
      const error = problem instanceof ApiError ? problem : new ApiError(0, String(problem));
      setState((before) => ({ ...before, error, isLoading: false }));
    }
  }, dependencies);
  useEffect(() => {
    void reload();
    return () => current.current?.abort();
  }, [reload]);
  useEffect(() => changes.watch(() => void reload()), [reload]);
  // What could not be loaded while the server was away, and what has changed meanwhile.
  useEffect(() => isReachable.watch((isThere) => isThere && void reload()), [reload]);
  const change = useCallback((alter: (data: T) => T) => {
    setState((before) => (before.data === undefined ? before : { ...before, data: alter(before.data) }));
  }, []);
  return { data: state.data, error: state.error, isLoading: state.isLoading, reload, change };
}

/** Load again every now and then while somebody looks, and as soon as somebody looks again. */
export function useRefresh(reload: () => Promise<void>, intervalMs: number) {
  useEffect(() => {
    let last = Date.now();
    const look = () => {
      if (document.visibilityState !== "visible" || Date.now() - last < intervalMs) return;
      last = Date.now();
      void reload();
    };
    const timer = setInterval(look, Math.min(intervalMs, 1000));
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [reload, intervalMs]);
}

/**
 * Do something once at a time.
 *
 * @param work  failures are its own business
 * @returns whether it is being done, and how to start
 */
export function useAction<A extends unknown[]>(work: (...values: A) => Promise<void>): [boolean, (...values: A) => Promise<void>] {
  const [isBusy, setBusy] = useState(false);
  const busy = useRef(false);
  const start = async (...values: A) => {
    if (busy.current) return;
    busy.current = true;
    setBusy(true);
    try {
      await work(...values);
    } finally {
      busy.current = false;
      setBusy(false);
    }
  };
  return [isBusy, start];
}
