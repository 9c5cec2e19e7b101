/** The module `random`. */

import { PeriluneError } from "./errors.js";
import { numberArgument } from "./host_calls.js";
import { latin1Of } from "./text.js";

const getRandomValues = crypto.getRandomValues.bind(crypto);
const { btoa } = globalThis;

const MAX_RANDOM = 1_048_576;
const MOST_AT_ONCE = 65_536;
const CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const ID_DIGITS = "0123456789abcdefghijklmnopqrstuv";
const TWO_32 = 0x1_0000_0000;

export const random = {
  int: (/** @type {any} */ min, /** @type {any} */ max) => {
    const low = Math.trunc(numberArgument(min, "min"));
    const high = Math.trunc(numberArgument(max, "max"));
    if (high < low) throw refused(`random.int: max ${high} is less than min ${low}`);
    return Number(BigInt(low) + below(BigInt(high) - BigInt(low) + 1n));
  },
  float: () => {
    const [high, low] = getRandomValues(new Uint32Array(2));
    return ((high >>> 5) * 0x400_0000 + (low >>> 6)) / 2 ** 53;
  },
  string: (/** @type {any} */ length) => {
    const wanted = sizeOf("string", length);
    let text = "";
    while (text.length < wanted) {
      for (const byte of drawn(Math.min(MOST_AT_ONCE, wanted - text.length))) {
        // Bytes that would make some characters likelier than others are drawn again.
        if (byte < 248) text += CHARACTERS[byte % CHARACTERS.length];
      }
    }
    return text;
  },
  bytes: (/** @type {any} */ n) => btoa(latin1Of(drawn(sizeOf("bytes", n)))),
  hex: (/** @type {any} */ n) => {
    const digits = [];
    for (const byte of drawn(sizeOf("hex", n))) digits.push(byte.toString(16).padStart(2, "0"));
    return digits.join("");
  },
  id: () => nextId(),
};

/** @type {Uint8Array | null} */
let source = null;
let counter = 0;

/** Return an xid: second, five bytes that name this process, a counter of three bytes. */
function nextId() {
  if (source === null) {
    source = drawn(5);
    counter = getRandomValues(new Uint32Array(1))[0];
  }
  counter = (counter + 1) & 0xff_ffff;
  let bits = BigInt(Math.floor(Date.now() / 1000) % TWO_32);
  for (const byte of source) bits = (bits << 8n) | BigInt(byte);
  bits = ((bits << 24n) | BigInt(counter)) << 4n;
  let text = "";
  for (let shift = 95n; shift >= 0n; shift -= 5n) text += ID_DIGITS[Number((bits >> shift) & 31n)];
  return text;
}

/** @param {bigint} limit */
function below(limit) {
  const bits = BigInt(limit.toString(2).length);
  for (;;) {
    const [a, b, c] = getRandomValues(new Uint32Array(3));
    const value = ((BigInt(a) << 64n) | (BigInt(b) << 32n) | BigInt(c)) & ((1n << bits) - 1n);
    if (value < limit) return value;
  }
}

/** @param {number} size */
function drawn(size) {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += MOST_AT_ONCE) {
    getRandomValues(bytes.subarray(at, at + MOST_AT_ONCE));
  }
  return bytes;
}

/**
 * @param {string} name
 * @param {any} n
 */
function sizeOf(name, n) {
  const size = Math.trunc(numberArgument(n, "n"));
  if (size >= 1 && size <= MAX_RANDOM) return size;
  throw refused(`random.${name}: from 1 to ${MAX_RANDOM} are possible, not ${size}`);
}

/** @param {string} message */
function refused(message) {
  return new PeriluneError(message, "random");
}
