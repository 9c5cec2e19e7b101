/**
 * Texts and bytes.
 *
 * Texts of other languages may hold bytes that are no UTF-8.  Such a byte becomes a lone
 * surrogate, U+DC80 to U+DCFF, and is turned back when the text leaves again, so nothing is lost.
 */

const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
const fromCharCode = String.fromCharCode;
const { parse } = JSON;

const BYTE_ORDER_MARK = "\ufeff";
const SHORT_BYTES = 48;
const ESCAPE = 0xdc00;
const CHUNK = 8192;

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
 * Return what JSON text says; a byte order mark in front is skipped (RFC 8259, 8.1).
 *
 * @param {string} text
 */
export function parsedJson(text) {
  return parse(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text);
}

/**
 * Return a text as bytes.
 *
 * @param {string} text
 * @returns {Uint8Array}
 */
export function bytesOf(text) {
  return text.isWellFormed() ? encoder.encode(text) : encodedWithEscapes(text);
}

/**
 * Return bytes as a text with one character for each.
 *
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function latin1Of(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) {
    text += fromCharCode(...bytes.subarray(at, at + CHUNK));
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

/** @param {Uint8Array} bytes of which some are no UTF-8 */
function decodedWithEscapes(bytes) {
  const units = new Uint16Array(bytes.length);
  let size = 0;
  for (let at = 0; at < bytes.length;) {
    const length = characterSize(bytes, at);
    if (length === 0) {
      units[size++] = ESCAPE + bytes[at++];
      continue;
    }
    const code = characterAt(bytes, at, length);
    at += length;
    if (code < 0x10000) {
      units[size++] = code;
    } else {
      units[size++] = 0xd7c0 + (code >> 10);
      units[size++] = 0xdc00 + (code & 0x3ff);
    }
  }
  let text = "";
  for (let at = 0; at < size; at += CHUNK) {
    text += fromCharCode(...units.subarray(at, Math.min(size, at + CHUNK)));
  }
  return text;
}

/** @param {string} text with lone surrogates in it */
function encodedWithEscapes(text) {
  const bytes = new Uint8Array(text.length * 3);
  let size = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.codePointAt(at) ?? 0;
    if (code < 0x80) {
      bytes[size++] = code;
    } else if (code >= ESCAPE + 0x80 && code <= ESCAPE + 0xff) {
      bytes[size++] = code - ESCAPE;
    } else {
      if (code > 0xffff) at++;
      // Other lone surrogates have no form in UTF-8.
      const shown = code >= 0xd800 && code <= 0xdfff ? "\ufffd" : String.fromCodePoint(code);
      size += encoder.encodeInto(shown, bytes.subarray(size)).written;
    }
  }
  return bytes.slice(0, size);
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
  if (first < 0xc2 || first > 0xf4) return 0;
  const size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (at + size > bytes.length) return 0;
  // Neither longer forms than needed, nor surrogates, nor what is beyond Unicode.
  const second = bytes[at + 1];
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (let next = at + 2; next < at + size; next++) {
    if ((bytes[next] & 0xc0) !== 0x80) return 0;
  }
  return size;
}

/**
 * @param {Uint8Array} bytes
 * @param {number} at where a character begins
 * @param {number} size
 */
function characterAt(bytes, at, size) {
  if (size === 1) return bytes[at];
  let code = bytes[at] & (0x7f >> size);
  for (let next = at + 1; next < at + size; next++) code = (code << 6) | (bytes[next] & 0x3f);
  return code;
}
