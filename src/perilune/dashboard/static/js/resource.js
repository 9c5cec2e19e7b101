// What a screen loads from the server, with its states.

import { ApiError } from "./api.js";
import { useCallback, useEffect, useRef, useState } from "./lib.js";
import { createStore } from "./store.js";

/**
 * @template T
 * @typedef {object} Resource
 * @property {T | undefined} data  stays while it is loaded again
 * @property {ApiError | undefined} error
 * @property {boolean} isLoading
 * @property {() => Promise<void>} reload
 * @property {(change: (data: T) => T) => void} change  of what is shown, without asking the server
 */

/** Counts up when something was changed that any view may show. */
export const changes = createStore(0);

/**
 * Load when the view appears and whenever *dependencies* change.
 *
 * @template T
 * @param {(signal: AbortSignal) => Promise<T>} load
 * @param {readonly unknown[]} dependencies
 * @returns {Resource<T>}
 */
export function useResource(load, dependencies) {
  const [state, setState] = useState(
    /** @type {{ data?: T, error?: ApiError, isLoading: boolean }} */ ({ isLoading: true }),
  );
  const current = useRef(/** @type {AbortController | null} */ (null));
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
  const change = useCallback((/** @type {(data: T) => T} */ alter) => {
    setState((before) => (before.data === undefined ? before : { ...before, data: alter(before.data) }));
  }, []);
  return { data: state.data, error: state.error, isLoading: state.isLoading, reload, change };
}

/**
 * Load again every now and then while somebody looks, and as soon as somebody looks again.
 *
 * @param {() => Promise<void>} reload
 * @param {number} intervalMs
 */
export function useRefresh(reload, intervalMs) {
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
 * @param {(...values: any[]) => Promise<void>} work  failures are its own business
 * @returns {[boolean, (...values: any[]) => Promise<void>]}  whether it is being done, and how to start
 */
export function useAction(work) {
  const [isBusy, setBusy] = useState(false);
  const busy = useRef(false);
  /** @param {any[]} values */
  const start = async (...values) => {
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
