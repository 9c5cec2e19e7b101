// What proves who sends a request: credentials, and signatures.  No views here.

import { bodyBytes, withHeader } from "./test-request.js";
import { base64 } from "./test-send.js";

/** @typedef {import("./test-request.js").TestRequest} TestRequest */

/** @param {string} text */
const utf8 = (text) => new TextEncoder().encode(text);

/**
 * The value of an Authorization header.
 *
 * @param {string} user
 * @param {string} password
 */
export const basicCredential = (user, password) => `Basic ${base64(utf8(`${user}:${password}`))}`;

/**
 * User and password out of an Authorization header; empty if there are none in it.
 *
 * @param {string} header
 */
export function basicParts(header) {
  try {
    const bytes = Uint8Array.from(atob(header.replace(/^basic\s+/i, "")), (one) => one.charCodeAt(0));
    const [user = "", ...password] = new TextDecoder().decode(bytes).split(":");
    return { user, password: password.join(":") };
  } catch {
    return { user: "", password: "" };
  }
}

/**
 * The request with a signature of its body, made now.
 *
 * @param {TestRequest} request
 * @param {string} scheme  `standard`, `github` or `stripe`
 * @param {string} secret
 * @returns {Promise<TestRequest>}
 */
export async function signed(request, scheme, secret) {
  const body = (await bodyBytes(request)) ?? new Uint8Array();
  const now = Math.floor(Date.now() / 1000);
  if (scheme === "github") return set(request, [["X-Hub-Signature-256", `sha256=${hex(await mac(utf8(secret), "", body))}`]]);
  if (scheme === "stripe") return set(request, [["Stripe-Signature", `t=${now},v1=${hex(await mac(utf8(secret), `${now}.`, body))}`]]);
  const id = `msg_${crypto.randomUUID().replaceAll("-", "")}`;
  const key = Uint8Array.from(atob(secret.replace(/^whsec_/, "")), (one) => one.charCodeAt(0));
  return set(request, [
    ["webhook-id", id],
    ["webhook-timestamp", String(now)],
    ["webhook-signature", `v1,${base64(await mac(key, `${id}.${now}.`, body))}`],
  ]);
}

/**
 * @param {TestRequest} request
 * @param {[string, string][]} headers
 */
const set = (request, headers) => ({
  ...request,
  headers: headers.reduce((before, [name, value]) => withHeader(before, name, value), request.headers),
});

/**
 * @param {Uint8Array<ArrayBuffer>} secret
 * @param {string} prefix
 * @param {Uint8Array} body
 */
async function mac(secret, prefix, body) {
  const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, new Uint8Array([...utf8(prefix), ...body])));
}

/** @param {Uint8Array} bytes */
const hex = (bytes) => [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
