/** Reading msgpack, as far as frames have it: no extensions, and a bounded depth. */

import { MAX_DEPTH, PackError } from "./msgpack.js";
import { textOf } from "./text.js";

const { defineProperty } = Object;

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
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return this.data(view.getUint8(this.take(1)));
      case 0xc5:
        return this.data(view.getUint16(this.take(2)));
      case 0xc6:
        return this.data(view.getUint32(this.take(4)));
      case 0xca:
        return view.getFloat32(this.take(4));
      case 0xcb:
        return view.getFloat64(this.take(8));
      case 0xcc:
        return view.getUint8(this.take(1));
      case 0xcd:
        return view.getUint16(this.take(2));
      case 0xce:
        return view.getUint32(this.take(4));
      case 0xcf:
        return Number(view.getBigUint64(this.take(8)));
      case 0xd0:
        return view.getInt8(this.take(1));
      case 0xd1:
        return view.getInt16(this.take(2));
      case 0xd2:
        return view.getInt32(this.take(4));
      case 0xd3:
        return Number(view.getBigInt64(this.take(8)));
      case 0xd9:
        return this.text(view.getUint8(this.take(1)));
      case 0xda:
        return this.text(view.getUint16(this.take(2)));
      case 0xdb:
        return this.text(view.getUint32(this.take(4)));
      case 0xdc:
        return this.list(view.getUint16(this.take(2)), depth);
      case 0xdd:
        return this.list(view.getUint32(this.take(4)), depth);
      case 0xde:
        return this.map(view.getUint16(this.take(2)), depth);
      case 0xdf:
        return this.map(view.getUint32(this.take(4)), depth);
      default:
        throw new PackError(`unknown kind of value ${kind}`);
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
