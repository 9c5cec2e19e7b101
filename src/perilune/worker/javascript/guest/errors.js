/** The error that guests can catch. */

/** Something that the guest API was asked for can't be done; the message says why. */
export class PeriluneError extends Error {
  /**
   * @param {string} message
   * @param {string} module the module of the guest API that failed, such as `kv`
   */
  constructor(message, module) {
    super(message);
    this.module = module;
  }
}
Object.defineProperty(PeriluneError.prototype, "name", {
  value: "PeriluneError",
  writable: true,
  configurable: true,
});

/** What the handler returned can't be sent, or there is no handler. */
export class HandlerError extends Error {}
