-- Watches a web address and reports when it goes down or comes back.
--
--   scheduled, or POST /fn/health-check with the token    checks now
--   GET /fn/health-check                                  {"state": "up"}
--
-- Environment:
--   CHECK_URL        the address; a status below 400 counts as up
--   CHECK_TOKEN      who sends `Authorization: Bearer TOKEN` may have it checked
--   ALERT_WEBHOOK    gets {"text": "..."} by POST; or instead of it
--   ALERT_TO, ALERT_FROM, RESEND_API_KEY    for an e-mail
--
-- Deploy:
--   perilune deploy health_check.lua --name health-check
--   perilune env set health-check CHECK_URL CHECK_TOKEN ALERT_WEBHOOK
--   perilune schedule set health-check '*/5 * * * *'

local function may_check(event)
  if event.trigger == "cron" then return true end
  local token = env.get("CHECK_TOKEN")
  local given = event.headers["Authorization"] or ""
  return token and token ~= "" and crypto.equal(given, "Bearer " .. token)
end

local function look(address)
  local response, err = http.get(address, { timeout = 10 })
  if err then return "down", err end
  if response.statusCode >= 400 then return "down", "status " .. response.statusCode end
  return "up", "status " .. response.statusCode
end

-- Tells somebody; returns true, or nil and why nobody was reached.
local function alert(text)
  local webhook = env.get("ALERT_WEBHOOK")
  if webhook and webhook ~= "" then
    local response, err = http.post(webhook, { json = { text = text } })
    if err then return nil, err end
    if response.statusCode >= 300 then return nil, "status " .. response.statusCode end
    return true
  end
  local sent, err = email.send({
    from = env.get("ALERT_FROM"),
    to = env.get("ALERT_TO"),
    subject = text,
    text = text,
  })
  return sent and true, err
end

-- The state of the last check, nil before the first.
local function last_state()
  local state, err = kv.get("state")
  if err then error(err) end
  return state
end

local function check()
  local address = env.get("CHECK_URL")
  if not address or address == "" then
    log.error("CHECK_URL is not set")
    return { statusCode = 500, body = { error = "not configured" } }
  end
  local state, reason = look(address)
  -- What was never looked at counts as up: the first news is bad news.
  local before = last_state() or "up"
  if state ~= before then
    local ok, err = alert(address .. " is " .. state .. " (" .. reason .. ")")
    if not ok then
      -- The state stays as it was, so the next check tries again.
      log.error("alert not sent: " .. err)
      return { statusCode = 502, body = { error = "alert not sent", state = state } }
    end
  end
  local stored, err = kv.set("state", state)
  if not stored then log.error("state not stored: " .. err) end
  return { body = { state = state, changed = state ~= before } }
end

function handler(ctx, event)
  if event.method == "GET" then
    return { body = { state = last_state() or "unknown" } }
  end
  if not may_check(event) then
    return { statusCode = 401, body = { error = "wrong or missing token" } }
  end
  return check()
end
