// The only module that talks to the server.

import { createStore } from "./store.ts";

/** Whether the server answers; false shows the banner. */
export const isReachable = createStore(true);

/** Counts up when the server says that nobody is signed in. */
export const signedOut = createStore(0);

const PROBE_MS = 3000;

/** An answer that says no. */
export class ApiError extends Error {
  override name = "ApiError";
  status: number; // 0 when there was no answer at all
  retryAfterS: number | null;
  code: string; // the server's name for the error
  field: string; // the one that `FIELD: MESSAGE` names, or empty
  detail: string; // the message without the field

  constructor(status: number, message: string, retryAfterS: number | null = null, code = "") {
    super(message);
    this.status = status;
    this.retryAfterS = retryAfterS;
    this.code = code;
    this.field = /^([a-z_]+): /.exec(message)?.[1] ?? "";
    this.detail = this.field ? message.slice(this.field.length + 2) : message;
  }
}

interface RequestOptions {
  query?: Record<string, string | number | boolean | null | undefined>; // empty ones are left out
  body?: unknown; // sent as JSON
  signal?: AbortSignal;
}

/**
 * Ask the management API.
 *
 * @param path  below the server's root, such as `/api/functions`
 * @returns the JSON of the answer; null when it has no body
 * @throws {ApiError}
 */
export async function request<T = unknown>(
  method: string,
  path: string,
  { query, body, signal }: RequestOptions = {},
): Promise<T> {
  const response = await send(path + queryText(query), {
    method,
    credentials: "same-origin",
    headers: {
      // Errors come with their code then.
      Accept: "application/json, application/problem+json",
      "X-Requested-With": "perilune",
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  });
  const text = await response.text();
  if (response.ok) return JSON.parse(text || "null");
  if (response.status === 401 && !path.startsWith("/api/auth/")) signedOut.set(signedOut.get() + 1);
  const wait = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  const { message, code } = errorOf(text, response);
  throw new ApiError(response.status, message, Number.isNaN(wait) ? null : wait, code);
}

export const get = <T = unknown>(path: string, options?: RequestOptions) => request<T>("GET", path, options);

export const post = <T = unknown>(path: string, body?: unknown) => request<T>("POST", path, { body });

export const put = <T = unknown>(path: string, body?: unknown) => request<T>("PUT", path, { body });

export const remove = (path: string) => request("DELETE", path);

/**
 * Send exactly this request, without the cookies of the dashboard: for trying functions.
 *
 * @throws {ApiError}
 */
export const call = (path: string, init: RequestInit): Promise<Response> => send(path, { ...init, credentials: "omit", redirect: "manual" });

/**
 * Events of a stream of the server; `open` when it begins, also after an interruption, which is
 * `error`.
 *
 * @param names  of the events wanted
 * @returns ends the stream
 */
export function follow(path: string, take: (name: string, data: any) => void, names: string[]): () => void {
  const source = new EventSource(path, { withCredentials: true });
  source.addEventListener("open", () => take("open", null));
  source.addEventListener("error", () => take("error", null));
  for (const name of names) {
    source.addEventListener(name, (event) => take(name, JSON.parse(event.data)));
  }
  return () => source.close();
}

async function send(path: string, init: RequestInit) {
  try {
    const response = await fetch(path, init);
    isReachable.set(true);
    return response;
  } catch (problem) {
    if (problem instanceof DOMException && problem.name === "AbortError") throw problem;
    lose();
    throw new ApiError(0, problem instanceof Error ? problem.message : String(problem));
  }
}

/** Note that the server does not answer, and ask until it does. */
function lose() {
  if (!isReachable.get()) return;
  isReachable.set(false);
  const timer = setInterval(async () => {
    try {
      await fetch("/healthz", { cache: "no-store" });
      clearInterval(timer);
      isReachable.set(true);
    } catch {
      // Still away.
    }
  }, PROBE_MS);
}

function queryText(query: RequestOptions["query"]) {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== null && value !== undefined && value !== "") given.set(name, String(value));
  }
  const text = given.toString();
  return text ? `?${text}` : "";
}

function errorOf(text: string, response: Response): { message: string; code: string } {
  try {
    const { detail, error, code = "" } = JSON.parse(text);
    const message = detail ?? error; // signing in answers as Lunar does
    if (typeof message === "string" && message) return { message, code: String(code) };
  } catch {
    // Not ours, perhaps a proxy's page.
  }
  return { message: `${response.status} ${response.statusText}`.trim(), code: "" };
}
