// A value that can be watched.

export interface Store<T> {
  get: () => T;
  set: (value: T) => void;
  watch: (watcher: (value: T) => void) => () => void; // returns how to stop watching
}

export function createStore<T>(initial: T): Store<T> {
  let current = initial;
  const watchers = new Set<(value: T) => void>();
  return {
    get: () => current,
    set(value) {
      if (Object.is(value, current)) return;
      current = value;
      for (const watcher of [...watchers]) watcher(value);
    },
    watch(watcher) {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
  };
}
