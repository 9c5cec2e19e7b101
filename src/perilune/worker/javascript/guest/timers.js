/** `setTimeout` and its kind: what is still due at the end of an execution is dropped. */

/** Timers that end with the execution in which they were set. */
export class Timers {
  /** @type {Set<number>} */
  #timeouts = new Set();
  /** @type {Set<number>} */
  #intervals = new Set();
  #setTimeout = globalThis.setTimeout;
  #clearTimeout = globalThis.clearTimeout;
  #setInterval = globalThis.setInterval;
  #clearInterval = globalThis.clearInterval;

  /** Put them in the place of the usual ones. */
  install() {
    const setTimeout = (
      /** @type {any} */ callback,
      /** @type {number} */ delayMs,
      /** @type {any[]} */ ...values
    ) => {
      const id = this.#setTimeout(() => {
        this.#timeouts.delete(id);
        callback(...values);
      }, delayMs);
      this.#timeouts.add(id);
      return id;
    };
    const setInterval = (
      /** @type {any} */ callback,
      /** @type {number} */ delayMs,
      /** @type {any[]} */ ...values
    ) => {
      const id = this.#setInterval(() => callback(...values), delayMs);
      this.#intervals.add(id);
      return id;
    };
    // Either clears what the other has set, as everywhere.
    const clear = (/** @type {number} */ id) => {
      this.#timeouts.delete(id);
      this.#intervals.delete(id);
      this.#clearTimeout(id);
    };
    Object.assign(globalThis, {
      setTimeout,
      setInterval,
      clearTimeout: clear,
      clearInterval: clear,
    });
  }

  /**
   * Return a promise for a moment in the future.
   *
   * @param {number} delayMs
   * @returns {Promise<void>}
   */
  wait(delayMs) {
    return new Promise((resolve) => {
      const id = this.#setTimeout(() => {
        this.#timeouts.delete(id);
        resolve();
      }, delayMs);
      this.#timeouts.add(id);
    });
  }

  /** Drop all that is still due. */
  clear() {
    for (const id of this.#timeouts) this.#clearTimeout(id);
    for (const id of this.#intervals) this.#clearInterval(id);
    this.#timeouts.clear();
    this.#intervals.clear();
  }
}
