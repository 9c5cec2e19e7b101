/** `setTimeout` and its kind: what is still due at the end of an execution is dropped. */

const native = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
  // As all that is of Node.js, it is loaded when it is first looked at.
  setImmediate: globalThis.setImmediate,
  clearImmediate: globalThis.clearImmediate,
};

/** Wait until the event loop has looked at everything once. */
export function nextTurn() {
  return new Promise((resolve) => native.setImmediate(resolve));
}

/** Timers that end with the execution in which they were set. */
export class Timers {
  /** @type {Set<any>} */
  #timeouts = new Set();
  /** @type {Set<any>} */
  #intervals = new Set();
  /** @type {Set<any>} */
  #immediates = new Set();

  /** Put them in the place of the usual ones. */
  install() {
    const setTimeout = (
      /** @type {any} */ callback,
      /** @type {number} */ delayMs,
      /** @type {any[]} */ ...values
    ) => this.#after(delayMs, () => callback(...values));
    const setInterval = (
      /** @type {any} */ callback,
      /** @type {number} */ delayMs,
      /** @type {any[]} */ ...values
    ) => {
      const id = native.setInterval(() => callback(...values), delayMs);
      this.#intervals.add(id);
      return id;
    };
    const setImmediate = (/** @type {any} */ callback, /** @type {any[]} */ ...values) => {
      const id = native.setImmediate(() => {
        this.#immediates.delete(id);
        callback(...values);
      });
      this.#immediates.add(id);
      return id;
    };
    // Either clears what the other has set, as everywhere.
    const clearTimeout = (/** @type {any} */ id) => this.#drop(id);
    const clearInterval = (/** @type {any} */ id) => this.#drop(id);
    const clearImmediate = (/** @type {any} */ id) => {
      this.#immediates.delete(id);
      native.clearImmediate(id);
    };
    Object.assign(globalThis, {
      setTimeout,
      setInterval,
      setImmediate,
      clearTimeout,
      clearInterval,
      clearImmediate,
    });
  }

  /**
   * Return a promise for a moment in the future.
   *
   * @param {number} delayMs
   * @returns {Promise<void>}
   */
  wait(delayMs) {
    return new Promise((resolve) => void this.#after(delayMs, resolve));
  }

  /** Whether there are any that are still due. */
  get areDue() {
    return this.#timeouts.size + this.#intervals.size + this.#immediates.size > 0;
  }

  /** Drop all that is still due. */
  clear() {
    for (const id of this.#timeouts) native.clearTimeout(id);
    for (const id of this.#intervals) native.clearInterval(id);
    for (const id of this.#immediates) native.clearImmediate(id);
    this.#timeouts.clear();
    this.#intervals.clear();
    this.#immediates.clear();
  }

  /** @param {any} id of a timeout or an interval */
  #drop(id) {
    this.#timeouts.delete(id);
    this.#intervals.delete(id);
    native.clearTimeout(id);
  }

  /**
   * @param {number} delayMs
   * @param {() => void} callback
   */
  #after(delayMs, callback) {
    const id = native.setTimeout(() => {
      this.#timeouts.delete(id);
      callback();
    }, delayMs);
    this.#timeouts.add(id);
    return id;
  }
}
