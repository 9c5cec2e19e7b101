-- Receives webhooks of GitHub and counts the pushes to each repository.
--
--   POST /fn/github-webhook    what GitHub sends; content type application/json
--
-- Environment:
--   WEBHOOK_SECRET    the secret that is set for the webhook at GitHub
--
-- Deploy:
--   perilune deploy github_webhook.lua --name github-webhook
--   perilune env set github-webhook WEBHOOK_SECRET

local function refuse(status, reason)
  return { statusCode = status, body = { error = reason } }
end

-- GitHub signs the bytes of the body.  `equal` takes the same time for every
-- wrong signature, so a good one can't be found by trying.
local function is_genuine(event, secret)
  local given = event.headers["X-Hub-Signature-256"] or ""
  return crypto.equal(given, "sha256=" .. crypto.hmac_sha256(event.body, secret))
end

function handler(ctx, event)
  local secret = env.get("WEBHOOK_SECRET")
  if not secret or secret == "" then
    log.error("WEBHOOK_SECRET is not set")
    return refuse(500, "not configured")
  end
  if event.method ~= "POST" then return refuse(405, "only POST is supported") end
  if not is_genuine(event, secret) then return refuse(401, "bad signature") end

  local kind = event.headers["X-GitHub-Event"] or ""
  if kind ~= "push" then
    return { statusCode = 202, body = { ignored = kind } }
  end
  local payload, err = json.decode(event.body)
  if err then return refuse(400, "the body is no JSON") end
  local repository = type(payload) == "table" and payload.repository
  if type(repository) ~= "table" or type(repository.full_name) ~= "string" then
    return refuse(400, "no repository")
  end

  local pushes
  pushes, err = kv.incr("pushes:" .. repository.full_name)
  if err then
    -- GitHub shows a failed delivery, and can send it again.
    log.error("push not counted: " .. err)
    return refuse(503, "can't count at the moment")
  end
  log.info("push", { repository = repository.full_name, ref = payload.ref })
  return { body = { repository = repository.full_name, pushes = pushes } }
end
