/** Writing msgpack, as far as frames have it: no extensions, and a bounded depth. */

import { bytesOf } from "./text.js";

export const MAX_DEPTH = 100;
const FIRST_BYTES = 64 * 1024;
const KEPT_BYTES = 1024 * 1024;
const SHORT_CHARS = 32;

const encoder = new TextEncoder();
const { isArray } = Array;
const { isSafeInteger } = Number;
const { keys } = Object;

/** The frame can't be read, or a value can't be written. */
export class PackError extends Error {}

/**
 * A text of the protocol itself, or texts in an object or array; those of guests are written
 * as bytes.
 */
export class Name {
  /** @param {any} texts */
  constructor(texts) {
    this.texts = texts;
  }
}

/** Writes values into a buffer that is used again and again. */
export class Packer {
  #buffer = new Uint8Array(FIRST_BYTES);
  #view = new DataView(this.#buffer.buffer);
  #at = 0;

  /**
   * Start anew, with some bytes left free.
   *
   * @param {number} reserved
   */
  start(reserved) {
    if (this.#buffer.length > KEPT_BYTES) this.#use(new Uint8Array(FIRST_BYTES));
    this.#at = reserved;
  }

  /** Return what has been written; it is valid until the next start. */
  get written() {
    return this.#buffer.subarray(0, this.#at);
  }

  /** @param {number} size of the array whose items come next */
  array(size) {
    this.#head(size, 0x90, 16, 0xdc);
  }

  /**
   * Write a value.
   *
   * @param {any} value
   * @param {number} depth
   * @returns {void}
   */
  value(value, depth = 0) {
    switch (typeof value) {
      case "string":
        return this.#text(value, false);
      case "number":
        return this.#number(value);
      case "boolean":
        return this.#byte(value ? 0xc3 : 0xc2);
      case "undefined":
        return this.#byte(0xc0);
      case "bigint":
        return this.#bigint(value);
      case "object":
        return value === null ? this.#byte(0xc0) : this.#object(value, depth);
      default:
        throw new PackError(`a plain value is expected, not a ${typeof value}`);
    }
  }

  /**
   * @param {any} value
   * @param {number} depth
   * @returns {void}
   */
  #object(value, depth) {
    if (value instanceof Name) return this.#names(value.texts);
    if (value instanceof Uint8Array) return this.#bytes(value);
    if (ArrayBuffer.isView(value)) {
      return this.#bytes(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    }
    if (value instanceof ArrayBuffer) return this.#bytes(new Uint8Array(value));
    if (depth >= MAX_DEPTH) throw new PackError("a value is nested too deeply, or in itself");
    if (isArray(value)) {
      this.array(value.length);
      for (let index = 0; index < value.length; index++) this.value(value[index], depth + 1);
      return;
    }
    if (typeof value.toJSON === "function") return this.value(value.toJSON(), depth + 1);
    const names = keys(value).filter((name) => value[name] !== undefined);
    this.#head(names.length, 0x80, 16, 0xde);
    for (const name of names) {
      this.#text(name, false);
      this.value(value[name], depth + 1);
    }
  }

  /** @param {any} texts a text, or an object or array with texts in it */
  #names(texts) {
    if (typeof texts === "string") return this.#text(texts, true);
    if (isArray(texts)) {
      this.array(texts.length);
      for (const text of texts) this.#text(text, true);
      return;
    }
    const names = keys(texts);
    this.#head(names.length, 0x80, 16, 0xde);
    for (const name of names) {
      this.#text(name, true);
      this.#names(texts[name]);
    }
  }

  /**
   * @param {number} size
   * @param {number} short the byte for a small one
   * @param {number} limit from where on it is not small
   * @param {number} long the byte in front of 16 bits
   */
  #head(size, short, limit, long) {
    this.#need(5);
    if (size < limit) {
      this.#buffer[this.#at++] = short | size;
    } else if (size <= 0xffff) {
      this.#buffer[this.#at] = long;
      this.#view.setUint16(this.#at + 1, size);
      this.#at += 3;
    } else {
      this.#buffer[this.#at] = long + 1;
      this.#view.setUint32(this.#at + 1, size);
      this.#at += 5;
    }
  }

  /** @param {number} value */
  #number(value) {
    this.#need(9);
    const view = this.#view;
    if (!isSafeInteger(value) || Object.is(value, -0)) {
      view.setUint8(this.#at, 0xcb);
      view.setFloat64(this.#at + 1, value);
      this.#at += 9;
    } else if (value >= 0 && value < 128) {
      view.setUint8(this.#at++, value);
    } else if (value >= -0x80000000 && value <= 0x7fffffff) {
      view.setUint8(this.#at, 0xd2);
      view.setInt32(this.#at + 1, value);
      this.#at += 5;
    } else {
      this.#bigint(BigInt(value));
    }
  }

  /** @param {bigint} value */
  #bigint(value) {
    if (BigInt.asIntN(64, value) !== value) throw new PackError("an integer exceeds 64 bits");
    this.#need(9);
    this.#view.setUint8(this.#at, 0xd3);
    this.#view.setBigInt64(this.#at + 1, value);
    this.#at += 9;
  }

  /** @param {Uint8Array} bytes */
  #bytes(bytes) {
    this.#sized(bytes, 0xc6);
  }

  /**
   * @param {string} text
   * @param {boolean} isName whether it belongs to the protocol
   * @returns {void}
   */
  #text(text, isName) {
    const size = text.length;
    if (size < SHORT_CHARS) {
      this.#need(size + 2);
      const buffer = this.#buffer;
      let at = this.#at;
      if (isName) {
        buffer[at++] = 0xa0 | size;
      } else {
        buffer[at++] = 0xc4;
        buffer[at++] = size;
      }
      let index = 0;
      for (; index < size; index++) {
        const code = text.charCodeAt(index);
        if (code > 0x7f) break;
        buffer[at++] = code;
      }
      if (index === size) {
        this.#at = at;
        return;
      }
    }
    const kind = isName ? 0xdb : 0xc6;
    if (!text.isWellFormed()) {
      // A text of the protocol must be UTF-8.
      if (isName) return this.#text(text.toWellFormed(), true);
      return this.#sized(bytesOf(text), kind);
    }
    this.#need(size * 3 + 5);
    const { written } = encoder.encodeInto(text, this.#buffer.subarray(this.#at + 5));
    this.#view.setUint8(this.#at, kind);
    this.#view.setUint32(this.#at + 1, written);
    this.#at += 5 + written;
  }

  /**
   * @param {Uint8Array} bytes
   * @param {number} kind
   */
  #sized(bytes, kind) {
    this.#need(bytes.length + 5);
    this.#view.setUint8(this.#at, kind);
    this.#view.setUint32(this.#at + 1, bytes.length);
    this.#buffer.set(bytes, this.#at + 5);
    this.#at += 5 + bytes.length;
  }

  /** @param {number} byte */
  #byte(byte) {
    this.#need(1);
    this.#buffer[this.#at++] = byte;
  }

  /** @param {number} size of what is to be written next */
  #need(size) {
    if (this.#at + size <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(this.#buffer.length * 2, this.#at + size));
    larger.set(this.#buffer.subarray(0, this.#at));
    this.#use(larger);
  }

  /** @param {Uint8Array<ArrayBuffer>} buffer */
  #use(buffer) {
    this.#buffer = buffer;
    this.#view = new DataView(buffer.buffer);
  }
}
