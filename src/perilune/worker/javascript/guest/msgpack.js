/** Msgpack, as far as frames have it: no extensions, and a bounded depth. */

import { bytesOf, textOf } from "./text.js";

const MAX_DEPTH = 100;
const FIRST_BYTES = 64 * 1024;
const KEPT_BYTES = 1024 * 1024;
const SHORT_CHARS = 32;

const encoder = new TextEncoder();
const { isArray } = Array;
const { isSafeInteger } = Number;
const { defineProperty, keys } = Object;

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

/**
 * Return the value that a frame's body is.
 *
 * @param {Uint8Array} bytes where it is
 * @param {number} start
 * @param {number} end
 * @param {boolean} raw whether bytes stay bytes; otherwise they become texts
 * @returns {any}
 */
export function unpack(bytes, start, end, raw = false) {
  const reader = new Unpacker(bytes, start, end, raw);
  const value = reader.value(0);
  if (reader.at !== end) throw new PackError("something follows the value");
  return value;
}

class Unpacker {
  /**
   * @param {Uint8Array} bytes
   * @param {number} start
   * @param {number} end
   * @param {boolean} raw
   */
  constructor(bytes, start, end, raw) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = start;
    this.end = end;
    this.raw = raw;
  }

  /**
   * @param {number} depth
   * @returns {any}
   */
  value(depth) {
    if (depth > MAX_DEPTH) throw new PackError("nested too deeply");
    const kind = this.bytes[this.take(1)];
    if (kind < 0x80) return kind;
    if (kind < 0x90) return this.map(kind & 15, depth);
    if (kind < 0xa0) return this.list(kind & 15, depth);
    if (kind < 0xc0) return this.text(kind & 31);
    if (kind >= 0xe0) return kind - 256;
    const { view } = this;
    switch (kind) {
      case 0xc0: return null;
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xc4: return this.data(view.getUint8(this.take(1)));
      case 0xc5: return this.data(view.getUint16(this.take(2)));
      case 0xc6: return this.data(view.getUint32(this.take(4)));
      case 0xca: return view.getFloat32(this.take(4));
      case 0xcb: return view.getFloat64(this.take(8));
      case 0xcc: return view.getUint8(this.take(1));
      case 0xcd: return view.getUint16(this.take(2));
      case 0xce: return view.getUint32(this.take(4));
      case 0xcf: return Number(view.getBigUint64(this.take(8)));
      case 0xd0: return view.getInt8(this.take(1));
      case 0xd1: return view.getInt16(this.take(2));
      case 0xd2: return view.getInt32(this.take(4));
      case 0xd3: return Number(view.getBigInt64(this.take(8)));
      case 0xd9: return this.text(view.getUint8(this.take(1)));
      case 0xda: return this.text(view.getUint16(this.take(2)));
      case 0xdb: return this.text(view.getUint32(this.take(4)));
      case 0xdc: return this.list(view.getUint16(this.take(2)), depth);
      case 0xdd: return this.list(view.getUint32(this.take(4)), depth);
      case 0xde: return this.map(view.getUint16(this.take(2)), depth);
      case 0xdf: return this.map(view.getUint32(this.take(4)), depth);
      default: throw new PackError(`unknown kind of value ${kind}`);
    }
  }

  /** @param {number} size of what is taken; returns where it begins */
  take(size) {
    const start = this.at;
    if (start + size > this.end) throw new PackError("cut off");
    this.at = start + size;
    return start;
  }

  /** @param {number} size */
  text(size) {
    const start = this.take(size);
    return textOf(this.bytes, start, start + size);
  }

  /** @param {number} size */
  data(size) {
    const start = this.take(size);
    if (this.raw) return this.bytes.slice(start, start + size);
    return textOf(this.bytes, start, start + size);
  }

  /**
   * @param {number} size
   * @param {number} depth
   */
  list(size, depth) {
    if (size > this.end - this.at) throw new PackError("cut off");
    const items = [];
    for (let index = 0; index < size; index++) items.push(this.value(depth + 1));
    return items;
  }

  /**
   * @param {number} size
   * @param {number} depth
   */
  map(size, depth) {
    if (size * 2 > this.end - this.at) throw new PackError("cut off");
    /** @type {Record<string, any>} */
    const members = {};
    for (let index = 0; index < size; index++) {
      let name = this.value(depth + 1);
      if (name instanceof Uint8Array) name = textOf(name);
      const value = this.value(depth + 1);
      if (name === "__proto__") {
        // Assigning would change the object's prototype.
        defineProperty(members, name, {
          value,
          writable: true,
          enumerable: true,
          configurable: true,
        });
      } else {
        members[name] = value;
      }
    }
    return members;
  }
}
