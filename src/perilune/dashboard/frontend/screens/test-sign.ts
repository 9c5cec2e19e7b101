// What proves who sends a request: credentials, and signatures.  No views here.

import { bodyBytes, withHeader, type TestRequest } from "./test-request.ts";
import { base64 } from "./test-send.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

/** The value of an Authorization header. */
export const basicCredential = (user: string, password: string) => `Basic ${base64(utf8(`${user}:${password}`))}`;

/** User and password out of an Authorization header; empty if there are none in it. */
export function basicParts(header: string) {
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
 * @param scheme  `standard`, `github` or `stripe`
 */
export async function signed(request: TestRequest, scheme: string, secret: string): Promise<TestRequest> {
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

const set = (request: TestRequest, headers: [string, string][]) => ({
  ...request,
  headers: headers.reduce((before, [name, value]) => withHeader(before, name, value), request.headers),
});

async function mac(secret: Uint8Array<ArrayBuffer>, prefix: string, body: Uint8Array) {
  const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, new Uint8Array([...utf8(prefix), ...body])));
}

const hex = (bytes: Uint8Array) => [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
