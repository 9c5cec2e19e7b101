// Shortens URLs.
//
//   POST /fn/url-shortener         {"url": "https://..."}, with the token: makes a short URL
//   GET  /fn/url-shortener/CODE    redirects to the long one
//
// Environment:
//   SHORTENER_TOKEN    who sends `Authorization: Bearer TOKEN` may shorten
//
// Deploy:
//   perilune deploy url_shortener.ts --name url-shortener
//   perilune env set url-shortener SHORTENER_TOKEN

import { createHash, timingSafeEqual } from "node:crypto";
import {
  type Context,
  env,
  type Event,
  type HandlerResponse,
  kv,
  log,
  PeriluneError,
  random,
  router,
} from "perilune";

const MAX_URL_CHARS = 2000;
const CODE_LENGTH = 7;

export default async function handler(_ctx: Context, event: Event): Promise<HandlerResponse> {
  if (event.method === "POST" && event.relativePath === "/") return await shorten(event);
  if (event.method === "GET" && router.match(event.relativePath, "/:code")) {
    return await follow(event);
  }
  return answer(404, { error: "not found" });
}

async function shorten(event: Event): Promise<HandlerResponse> {
  if (!(await mayShorten(event))) return answer(401, { error: "wrong or missing token" });
  let wanted: { url?: unknown } | null;
  try {
    wanted = event.json();
  } catch {
    return answer(400, { error: "the body is no JSON" });
  }
  const target = wanted?.url;
  if (!isWebAddress(target)) return answer(400, { error: "url must be an http or https address" });
  const code = random.string(CODE_LENGTH);
  try {
    // cas stores only what is missing, so no code is ever given away twice.
    if (!(await kv.cas(`link:${code}`, null, target))) {
      log.error("link not stored: its code is taken");
      return answer(503, { error: "try again" });
    }
  } catch (error) {
    if (!(error instanceof PeriluneError)) throw error;
    log.error(`link not stored: ${error.message}`);
    return answer(503, { error: "try again" });
  }
  return answer(201, { code, url: router.url("/:code", { code }) });
}

async function follow(event: Event): Promise<HandlerResponse> {
  const { code } = router.params(event.relativePath, "/:code");
  let target: string | null;
  try {
    target = await kv.get(`link:${code}`);
  } catch (error) {
    if (!(error instanceof PeriluneError)) throw error;
    log.error(`link not read: ${error.message}`);
    return answer(503, { error: "try again" });
  }
  if (target === null) return answer(404, { error: "no such link" });
  return { statusCode: 302, headers: { Location: target } };
}

async function mayShorten(event: Event): Promise<boolean> {
  const token = await env.get("SHORTENER_TOKEN");
  const given = event.headers.Authorization ?? "";
  return token !== null && token !== "" && isEqual(given, `Bearer ${token}`);
}

// Tells web addresses from others: a link that runs a script would run it under our name.
function isWebAddress(text: unknown): text is string {
  if (typeof text !== "string" || [...text].length > MAX_URL_CHARS) return false;
  // URL would forgive blanks, line breaks and missing slashes.
  return /^https?:\/\/\S+$/i.test(text) && URL.canParse(text);
}

// Compares in a time that tells nothing about the token.
function isEqual(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

function answer(statusCode: number, body: object): HandlerResponse {
  return { statusCode, body };
}
