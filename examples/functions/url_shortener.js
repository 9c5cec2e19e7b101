// Shortens URLs.
//
//   POST /fn/url-shortener         {"url": "https://..."}, with the token: makes a short URL
//   GET  /fn/url-shortener/CODE    redirects to the long one
//
// Environment:
//   SHORTENER_TOKEN    who sends `Authorization: Bearer TOKEN` may shorten
//
// Deploy:
//   perilune deploy url_shortener.js --name url-shortener
//   perilune env set url-shortener SHORTENER_TOKEN

import { createHash, timingSafeEqual } from "node:crypto";
import { env, kv, log, random, router } from "perilune";

const MAX_URL_CHARS = 2000;
const CODE_LENGTH = 7;

export default async function handler(ctx, event) {
  if (event.method === "POST" && event.relativePath === "/") return await shorten(event);
  if (event.method === "GET" && router.match(event.relativePath, "/:code")) {
    return await follow(event);
  }
  return answer(404, { error: "not found" });
}

async function shorten(event) {
  if (!(await mayShorten(event))) return answer(401, { error: "wrong or missing token" });
  let wanted;
  try {
    wanted = event.json();
  } catch {
    return answer(400, { error: "the body is no JSON" });
  }
  if (!isWebAddress(wanted?.url)) {
    return answer(400, { error: "url must be an http or https address" });
  }
  const code = random.string(CODE_LENGTH);
  try {
    // cas stores only what is missing, so no code is ever given away twice.
    if (!(await kv.cas(`link:${code}`, null, wanted.url))) throw new Error("its code is taken");
  } catch (error) {
    log.error(`link not stored: ${error.message}`);
    return answer(503, { error: "try again" });
  }
  return answer(201, { code, url: router.url("/:code", { code }) });
}

async function follow(event) {
  const { code } = router.params(event.relativePath, "/:code");
  let target;
  try {
    target = await kv.get(`link:${code}`);
  } catch (error) {
    log.error(`link not read: ${error.message}`);
    return answer(503, { error: "try again" });
  }
  if (target === null) return answer(404, { error: "no such link" });
  return { statusCode: 302, headers: { Location: target } };
}

async function mayShorten(event) {
  const token = await env.get("SHORTENER_TOKEN");
  return Boolean(token) && isEqual(event.headers.Authorization ?? "", `Bearer ${token}`);
}

// Tells web addresses from others: a link that runs a script would run it under our name.
function isWebAddress(text) {
  if (typeof text !== "string" || [...text].length > MAX_URL_CHARS) return false;
  // URL would forgive blanks, line breaks and missing slashes.
  return /^https?:\/\/\S+$/i.test(text) && URL.canParse(text);
}

// Compares in a time that tells nothing about the token.
function isEqual(given, wanted) {
  const digest = (text) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

function answer(statusCode, body) {
  return { statusCode, body };
}
