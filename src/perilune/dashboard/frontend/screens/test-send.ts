// Sends the request of the test screen.  No views here.

import { call, request as ask } from "../api.ts";
import { bodyBytes, headersOf, isOfScheduler, pathOf, urlOf, type TestRequest } from "./test-request.ts";

export interface Outcome {
  status: number;
  headers: Record<string, string | string[]>;
  body: string;
  isBase64: boolean;
  size: number; // of the body in bytes
  ms: number;
  executionId: string;
  report?: string; // what went wrong, when a draft was tried
  kind?: string;
}

/**
 * Over the network, as any caller would.
 *
 * @param base  where the function is called
 */
export async function callFunction(base: string, request: TestRequest, signal: AbortSignal): Promise<Outcome> {
  // Bytes: to a text browsers would add a type of their own.
  const body = await bodyBytes(request);
  const started = performance.now();
  const response = await call(urlOf(base, request), {
    method: request.method,
    headers: headersOf(request),
    signal,
    ...(body ? { body } : {}),
  });
  const data = new Uint8Array(await response.arrayBuffer());
  const ms = performance.now() - started;
  const headers = Object.fromEntries(response.headers);
  return { ...decoded(data), size: data.length, status: response.status, headers, ms, executionId: headers["x-execution-id"] ?? "" };
}

/** How a trial ended. */
interface Trial {
  execution_id: string;
  duration_ms: number;
  response?: { statusCode: number; headers: Record<string, string | string[]>; body: string; isBase64Encoded: boolean };
  error?: { kind: string; message: string };
}

/** Runs a draft, or with null the active version, without going through the address. */
export async function tryOut(
  id: string,
  code: string | null,
  request: TestRequest,
  signal: AbortSignal,
): Promise<Outcome> {
  const body = await bodyBytes(request);
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of headersOf(request)) headers[name] = name in headers ? [headers[name] ?? [], value].flat() : value;
  const event = {
    method: request.method,
    path: pathOf(request),
    headers,
    ...(body ? { body: base64(body), isBase64Encoded: true } : {}),
    ...(isOfScheduler(request) ? { trigger: "cron" } : {}),
  };
  const found = await ask<Trial>("POST", `/api/functions/${id}/test`, { body: { ...(code === null ? {} : { code }), event }, signal });
  const text = found.response?.body ?? "";
  const isBase64 = found.response?.isBase64Encoded === true;
  return {
    status: found.response?.statusCode ?? 500,
    headers: found.response?.headers ?? {},
    body: text,
    isBase64,
    size: isBase64 ? atob(text).length : new TextEncoder().encode(text).length,
    ms: found.duration_ms,
    executionId: found.execution_id,
    ...(found.error ? { report: found.error.message, kind: found.error.kind } : {}),
  };
}

/** Text if the bytes are UTF-8, else base64. */
function decoded(data: Uint8Array) {
  try {
    return { body: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data), isBase64: false };
  } catch {
    return { body: base64(data), isBase64: true };
  }
}

export function base64(data: Uint8Array) {
  let text = "";
  for (let at = 0; at < data.length; at += 8192) text += String.fromCharCode(...data.subarray(at, at + 8192));
  return btoa(text);
}
