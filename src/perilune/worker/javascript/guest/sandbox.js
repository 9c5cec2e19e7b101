/**
 * Takes away what guests must not have or can't use.
 *
 * It is for clear errors, and one more layer: what keeps a guest from files, sockets and
 * processes is that Deno has no permissions, and below that the lock-down of the process.
 */

const HIDDEN = [
  "Deno",
  "process",
  // Other threads, and talking to them.
  "BroadcastChannel",
  "Worker",
  // Connections that are not under the rules of the host.
  "EventSource",
  "WebSocket",
  // Things that are kept on disk.
  "Cache",
  "CacheStorage",
  "Storage",
  "caches",
  "localStorage",
  "sessionStorage",
  // The terminal, which is the host's socket here.
  "alert",
  "confirm",
  "prompt",
  // Ends the process.
  "close",
  "closed",
  // Says what machine this is, or that this were a browser.
  "Location",
  "Navigator",
  "NavigatorUAData",
  "Window",
  "location",
  "name",
  "navigator",
  "onbeforeunload",
  "onload",
  "onunload",
];

const GRAPHICS = /^(?:GPU|ImageBitmap|OffscreenCanvas$|createImageBitmap$)/;

/** Take away what is not for guests; call it when nothing of it is needed any more. */
export function hide() {
  const graphics = Object.getOwnPropertyNames(globalThis).filter((name) => GRAPHICS.test(name));
  for (const name of [...HIDDEN, ...graphics]) Reflect.deleteProperty(globalThis, name);
}

/**
 * Make values global, changeable as the usual ones are.
 *
 * @param {Record<string, any>} values by name
 */
export function expose(values) {
  for (const name of Reflect.ownKeys(values)) {
    Object.defineProperty(globalThis, name, {
      value: values[/** @type {string} */ (name)],
      writable: true,
      enumerable: false,
      configurable: true,
    });
  }
}
