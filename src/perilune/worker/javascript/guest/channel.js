/**
 * The frames between host and worker over one blocking socket, which is both standard input
 * and standard output.
 *
 * Between executions the process waits for the next one in a plain read: no timer and no
 * promise of a guest goes on meanwhile.  During an execution replies are waited for without
 * keeping the guest from anything else.  Where it has no timer, that is also a plain read when
 * a reply comes at once, since the other way takes two changes of the thread; now and then the
 * event loop has its turn.
 */

import { Packer, PackError } from "./msgpack.js";
import { unpack } from "./unpacking.js";

const { exit } = Deno;
const readSync = Deno.stdin.readSync.bind(Deno.stdin);
const read = Deno.stdin.read.bind(Deno.stdin);
const writeSync = Deno.stdout.writeSync.bind(Deno.stdout);

const VERSION = 1;
const HEADER_BYTES = 5;
const MAX_FRAME_BYTES = 16 * 1024 * 1024;
const BUFFER_BYTES = 64 * 1024;
const MOST_BLOCKING_READS = 16;
const EXIT_HOST_GONE = 4;
const EXIT_BROKEN_FRAME = 5;

/** What is sent would be longer than the protocol allows. */
export class FrameTooLong extends Error {
  /** @param {number} size */
  constructor(size) {
    super(`frame of ${size} bytes exceeds the limit of ${MAX_FRAME_BYTES} bytes`);
  }
}

/**
 * @typedef {{ resolve: (reply: any[]) => void, raw: boolean, isPrompt: boolean }} Waiter
 */

export class Channel {
  #packer = new Packer();
  #buffer = new Uint8Array(BUFFER_BYTES);
  #start = 0;
  #end = 0;
  /** @type {any[][]} */
  #messages = [];
  /** @type {Waiter[]} */
  #waiters = [];
  /** @type {Promise<void> | null} */
  #reading = null;
  #blockingReads = 0;
  #hasTimers;

  /** @param {() => boolean} hasTimers whether the guest has set any that are still due */
  constructor(hasTimers) {
    this.#hasTimers = hasTimers;
  }

  /**
   * Wait for the next message that is no reply; null when the host has closed the connection.
   *
   * @returns {any[] | null}
   */
  next() {
    while (this.#messages.length === 0) {
      const size = readSync(this.#room());
      if (!size) return null;
      this.#received(size);
    }
    return this.#messages.shift() ?? null;
  }

  /**
   * Send a frame: an array with a tag.
   *
   * @param {(packer: Packer) => void} write what writes it
   */
  send(write) {
    const packer = this.#packer;
    packer.start(HEADER_BYTES);
    write(packer);
    const frame = packer.written;
    const size = frame.length - HEADER_BYTES;
    if (size > MAX_FRAME_BYTES) throw new FrameTooLong(size);
    new DataView(frame.buffer).setUint32(0, size);
    frame[4] = VERSION;
    try {
      for (let sent = 0; sent < frame.length;) sent += writeSync(frame.subarray(sent));
    } catch {
      exit(EXIT_HOST_GONE);
    }
  }

  /**
   * Return the reply to the call that was sent last: `["reply", error, value]`.
   *
   * @param {boolean} raw whether bytes in it stay bytes
   * @param {boolean} isPrompt whether the host has it at once
   * @returns {Promise<any[]>}
   */
  reply(raw, isPrompt) {
    return new Promise((resolve) => {
      this.#waiters.push({ resolve, raw, isPrompt });
      this.#reading ??= this.#readReplies();
    });
  }

  /** Whether a reply is due. */
  get isWaiting() {
    return this.#waiters.length > 0;
  }

  /** Wait until no reply is due. */
  async settled() {
    while (this.#reading !== null) await this.#reading;
  }

  async #readReplies() {
    while (this.#waiters.length > 0) {
      // What the guest is about to do goes first, further calls too.
      await null;
      const size = this.#mayBlock() ? readSync(this.#room()) : await read(this.#room());
      if (!size) exit(EXIT_HOST_GONE);
      this.#received(size ?? 0);
    }
    this.#reading = null;
  }

  /** Return whether nobody minds a plain read; count it, or begin anew. */
  #mayBlock() {
    const isPrompt = this.#waiters.every((waiter) => waiter.isPrompt);
    const may = isPrompt && this.#blockingReads < MOST_BLOCKING_READS && !this.#hasTimers();
    this.#blockingReads = may ? this.#blockingReads + 1 : 0;
    return may;
  }

  /** Return where the next bytes may go. */
  #room() {
    if (this.#start === this.#end) {
      this.#start = this.#end = 0;
      if (this.#buffer.length > BUFFER_BYTES) this.#buffer = new Uint8Array(BUFFER_BYTES);
    }
    const wanted = this.#end - this.#start >= HEADER_BYTES ? this.#frameBytes() : HEADER_BYTES;
    if (this.#start + wanted > this.#buffer.length || this.#end === this.#buffer.length) {
      const moved = new Uint8Array(Math.max(wanted, BUFFER_BYTES));
      moved.set(this.#buffer.subarray(this.#start, this.#end));
      this.#end -= this.#start;
      this.#start = 0;
      this.#buffer = moved;
    }
    return this.#buffer.subarray(this.#end);
  }

  /** Return the size of the frame whose header is there. */
  #frameBytes() {
    const view = new DataView(this.#buffer.buffer, this.#start, HEADER_BYTES);
    const size = view.getUint32(0);
    if (view.getUint8(4) !== VERSION || size > MAX_FRAME_BYTES) exit(EXIT_BROKEN_FRAME);
    return HEADER_BYTES + size;
  }

  /** @param {number} size of what has been read */
  #received(size) {
    this.#end += size;
    while (this.#end - this.#start >= HEADER_BYTES) {
      const end = this.#start + this.#frameBytes();
      if (end > this.#end) return;
      try {
        this.#sort(this.#start + HEADER_BYTES, end);
      } catch (error) {
        if (error instanceof PackError) exit(EXIT_BROKEN_FRAME);
        throw error;
      }
      this.#start = end;
    }
  }

  /**
   * @param {number} start of a frame's body
   * @param {number} end
   */
  #sort(start, end) {
    const waiter = this.#waiters[0];
    const message = unpack(this.#buffer, start, end, waiter?.raw ?? false);
    if (message[0] !== "reply") {
      // With bytes wanted, an invocation that comes too early has been read the wrong way.
      this.#messages.push(waiter?.raw ? unpack(this.#buffer, start, end) : message);
      return;
    }
    if (waiter === undefined) exit(EXIT_BROKEN_FRAME);
    this.#waiters.shift();
    waiter.resolve(message);
  }
}
