/**
 * Texts and bytes.
 *
 * Texts of other languages may hold bytes that are no UTF-8.  Such a byte becomes a lone
 * surrogate, U+DC80 to U+DCFF, and is turned back when the text leaves again, so nothing is lost.
 */

const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
const fromCharCode = String.fromCharCode;

const SHORT_BYTES = 48;
const ESCAPE = 0xdc00;

/**
 * Return the text that bytes are.
 *
 * @param {Uint8Array} bytes where it is
 * @param {number} start its first byte
 * @param {number} end behind its last byte
 * @returns {string}
 */
export function textOf(bytes, start = 0, end = bytes.length) {
  if (end - start <= SHORT_BYTES) {
    let text = "";
    for (let at = start; at < end; at++) {
      const byte = bytes[at];
      if (byte > 0x7f) return decoded(bytes.subarray(start, end));
      text += fromCharCode(byte);
    }
    return text;
  }
  return decoded(bytes.subarray(start, end));
}

/**
 * Return a text as bytes.
 *
 * @param {string} text
 * @returns {Uint8Array}
 */
export function bytesOf(text) {
  if (text.isWellFormed()) return encoder.encode(text);
  const parts = [];
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const isByte = code >= ESCAPE + 0x80 && code <= ESCAPE + 0xff;
    if (!isByte || isLowHalf(text, at)) continue;
    parts.push(encoder.encode(text.slice(from, at)), Uint8Array.of(code - ESCAPE));
    from = at + 1;
  }
  parts.push(encoder.encode(text.slice(from)));
  return joined(parts);
}

/**
 * Return bytes as a text with one character for each.
 *
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function latin1Of(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    text += fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return text;
}

/**
 * Return the bytes of a text with one character for each.
 *
 * @param {string} text
 * @returns {Uint8Array}
 */
export function fromLatin1(text) {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/**
 * Return a text that is at most *limit* bytes long, with a mark where it was cut.
 *
 * @param {string} text
 * @param {number} limit
 * @returns {Uint8Array}
 */
export function cut(text, limit) {
  const bytes = bytesOf(text);
  if (bytes.length <= limit) return bytes;
  const mark = encoder.encode(` [cut, ${bytes.length} bytes in all]`);
  let end = Math.max(0, limit - mark.length);
  while (end > 0 && (bytes[end] & 0xc0) === 0x80) end--;
  return joined([bytes.subarray(0, end), mark]);
}

/** @param {Uint8Array[]} parts */
function joined(parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** @param {Uint8Array} bytes */
function decoded(bytes) {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return decodedWithEscapes(bytes);
  }
}

/** @param {Uint8Array} bytes */
function decodedWithEscapes(bytes) {
  let text = "";
  let from = 0;
  let at = 0;
  while (at < bytes.length) {
    const size = characterSize(bytes, at);
    if (size > 0) {
      at += size;
      continue;
    }
    text += strictDecoder.decode(bytes.subarray(from, at)) + fromCharCode(ESCAPE + bytes[at]);
    at += 1;
    from = at;
  }
  return text + strictDecoder.decode(bytes.subarray(from));
}

/**
 * Return the size in bytes of the character of UTF-8 that is there, 0 if there is none.
 *
 * @param {Uint8Array} bytes
 * @param {number} at
 */
function characterSize(bytes, at) {
  const first = bytes[at];
  if (first < 0x80) return 1;
  const size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  try {
    return strictDecoder.decode(bytes.subarray(at, at + size)).length > 0 ? size : 0;
  } catch {
    return 0;
  }
}

/**
 * @param {string} text
 * @param {number} at
 */
function isLowHalf(text, at) {
  const before = at > 0 ? text.charCodeAt(at - 1) : 0;
  return before >= 0xd800 && before <= 0xdbff;
}
