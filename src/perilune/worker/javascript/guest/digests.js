/**
 * The modules `crypto` and `random`.
 *
 * `node:crypto` is loaded while `Deno` is there; afterwards it could not be any more.
 */

import { createHash, createHmac } from "node:crypto";

import { encoded } from "./encodings.js";
import { PeriluneError } from "./errors.js";
import { dataArgument, numberArgument } from "./host_calls.js";

const webCrypto = globalThis.crypto;
const randomUUID = webCrypto.randomUUID.bind(webCrypto);
const getRandomValues = webCrypto.getRandomValues.bind(webCrypto);

const DIGESTS = ["md5", "sha1", "sha256", "sha384", "sha512"];
const HMAC_DIGESTS = ["sha1", "sha256", "sha512"];
const MAX_RANDOM = 1_048_576;
const MOST_AT_ONCE = 65_536;
const CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const ID_DIGITS = "0123456789abcdefghijklmnopqrstuv";
const TWO_32 = 0x1_0000_0000;

/**
 * Return the module `crypto`: what the platform has under this name, and ours.
 *
 * @returns {Record<string, any>}
 */
export function makeCrypto() {
  /** @type {Record<string, any>} */
  const ours = { equal, uuid: () => randomUUID() };
  for (const digest of DIGESTS) {
    ours[digest] = (/** @type {any} */ data) =>
      createHash(digest).update(dataArgument(data, "data")).digest("hex");
  }
  for (const digest of HMAC_DIGESTS) {
    const mac = (/** @type {any} */ message, /** @type {any} */ key) =>
      createHmac(digest, dataArgument(key, "key")).update(dataArgument(message, "message"));
    const name = `hmacS${digest.slice(1)}`;
    ours[name] = (/** @type {any[]} */ ...values) => mac(values[0], values[1]).digest("hex");
    ours[`${name}Base64`] = (/** @type {any[]} */ ...values) =>
      mac(values[0], values[1]).digest("base64");
    ours[`${name}Raw`] = (/** @type {any[]} */ ...values) =>
      new Uint8Array(mac(values[0], values[1]).digest());
  }
  for (const [name, value] of Object.entries(ours)) {
    Object.defineProperty(webCrypto, name, { value, writable: true, configurable: true });
  }
  return webCrypto;
}

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
  bytes: (/** @type {any} */ n) => encoded(drawn(sizeOf("bytes", n))),
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

/**
 * Compare in a time that does not tell where two texts differ.
 *
 * @param {any} a
 * @param {any} b
 */
function equal(a, b) {
  const first = dataArgument(a, "a");
  const second = dataArgument(b, "b");
  if (first.length !== second.length) return false;
  let difference = 0;
  for (let at = 0; at < first.length; at++) difference |= first[at] ^ second[at];
  return difference === 0;
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
