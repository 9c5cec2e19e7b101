// Receives webhooks of GitHub and counts the pushes to each repository.
//
//   POST /fn/github-webhook    what GitHub sends; content type application/json
//
// Environment:
//   WEBHOOK_SECRET    the secret that is set for the webhook at GitHub
//
// Deploy:
//   perilune deploy github_webhook.js --name github-webhook
//   perilune env set github-webhook WEBHOOK_SECRET

import { createHmac, timingSafeEqual } from "node:crypto";
import { env, kv, log } from "perilune";

export default async function handler(ctx, event) {
  const secret = await env.get("WEBHOOK_SECRET");
  if (!secret) {
    log.error("WEBHOOK_SECRET is not set");
    return answer(500, { error: "not configured" });
  }
  if (event.method !== "POST") return answer(405, { error: "only POST is supported" });
  if (!isGenuine(event, secret)) return answer(401, { error: "bad signature" });

  const kind = event.headers["X-GitHub-Event"] ?? "";
  if (kind !== "push") return answer(202, { ignored: kind });
  let payload;
  try {
    payload = event.json();
  } catch {
    return answer(400, { error: "the body is no JSON" });
  }
  const repository = payload?.repository?.full_name;
  if (typeof repository !== "string") return answer(400, { error: "no repository" });

  try {
    const pushes = await kv.incr(`pushes:${repository}`);
    log.info("push", { ref: payload.ref, repository });
    return answer(200, { repository, pushes });
  } catch (error) {
    // GitHub shows a failed delivery, and can send it again.
    log.error(`push not counted: ${error.message}`);
    return answer(503, { error: "can't count at the moment" });
  }
}

function isGenuine(event, secret) {
  // GitHub signs the bytes of the body.  The comparison takes the same time for every wrong
  // signature, so a good one can't be found by trying.
  const given = new TextEncoder().encode(event.headers["X-Hub-Signature-256"] ?? "");
  const digest = createHmac("sha256", secret).update(event.bodyBytes).digest("hex");
  const expected = new TextEncoder().encode(`sha256=${digest}`);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function answer(statusCode, body) {
  return { statusCode, body };
}
