// Watches a web address and reports when it goes down or comes back.
//
//   scheduled, or POST /fn/health-check with the token    checks now
//   GET /fn/health-check                                  {"state": "up"}
//
// Environment:
//   CHECK_URL        the address; a status below 400 counts as up
//   CHECK_TOKEN      who sends `Authorization: Bearer TOKEN` may have it checked
//   ALERT_WEBHOOK    gets {"text": "..."} by POST; or instead of it
//   ALERT_TO, ALERT_FROM, RESEND_API_KEY    for an e-mail
//
// Deploy:
//   perilune deploy health_check.js --name health-check
//   perilune env set health-check CHECK_URL CHECK_TOKEN ALERT_WEBHOOK
//   perilune schedule set health-check '*/5 * * * *'

import { createHash, timingSafeEqual } from "node:crypto";
import { email, env, http, kv, log } from "perilune";

export default async function handler(ctx, event) {
  if (event.method === "GET") return { state: (await kv.get("state")) ?? "unknown" };
  if (!(await mayCheck(event))) return answer(401, { error: "wrong or missing token" });
  return await check();
}

async function mayCheck(event) {
  if (event.trigger === "cron") return true;
  const token = await env.get("CHECK_TOKEN");
  return Boolean(token) && isEqual(event.headers.Authorization ?? "", `Bearer ${token}`);
}

async function check() {
  const address = await env.get("CHECK_URL");
  if (!address) {
    log.error("CHECK_URL is not set");
    return answer(500, { error: "not configured" });
  }
  const { state, reason } = await look(address);
  // What was never looked at counts as up: the first news is bad news.
  const before = (await kv.get("state")) ?? "up";
  if (state !== before) {
    try {
      await alert(`${address} is ${state} (${reason})`);
    } catch (error) {
      // The state stays as it was, so the next check tries again.
      log.error(`alert not sent: ${error.message}`);
      return answer(502, { error: "alert not sent", state });
    }
  }
  try {
    await kv.set("state", state);
  } catch (error) {
    log.error(`state not stored: ${error.message}`);
  }
  return { state, changed: state !== before };
}

async function look(address) {
  try {
    const response = await http.get(address, { timeout: 10 });
    return { state: response.ok ? "up" : "down", reason: `status ${response.statusCode}` };
  } catch (error) {
    return { state: "down", reason: error.message };
  }
}

// Tells somebody; throws when nobody was reached.
async function alert(text) {
  const webhook = await env.get("ALERT_WEBHOOK");
  if (webhook) {
    const response = await http.post(webhook, { json: { text } });
    if (response.statusCode >= 300) throw new Error(`status ${response.statusCode}`);
    return;
  }
  const [from, to] = [await env.get("ALERT_FROM"), await env.get("ALERT_TO")];
  await email.send({ from, to, subject: text, text });
}

// Compares in a time that tells nothing about the token.
function isEqual(given, wanted) {
  const digest = (text) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

function answer(statusCode, body) {
  return { statusCode, body };
}
