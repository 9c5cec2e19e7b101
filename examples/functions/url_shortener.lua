-- Shortens URLs.
--
--   POST /fn/url-shortener         {"url": "https://..."}, with the token: makes a short URL
--   GET  /fn/url-shortener/CODE    redirects to the long one
--
-- Environment:
--   SHORTENER_TOKEN    who sends `Authorization: Bearer TOKEN` may shorten
--
-- Deploy:
--   perilune deploy url_shortener.lua --name url-shortener
--   perilune env set url-shortener SHORTENER_TOKEN

local MAX_URL_CHARS = 2000
local CODE_LENGTH = 7

-- In characters, not in bytes: bytes that go on with a character don't count.
local function length(text)
  return select(2, text:gsub("[^\128-\191]", ""))
end

local function refuse(status, reason)
  return { statusCode = status, body = { error = reason } }
end

local function may_shorten(event)
  local token = env.get("SHORTENER_TOKEN")
  local given = event.headers["Authorization"] or ""
  return token and token ~= "" and crypto.equal(given, "Bearer " .. token)
end

-- Only web addresses: a link that runs a script would run it under our name.
local function is_web_address(text)
  if type(text) ~= "string" or length(text) > MAX_URL_CHARS then return false end
  local parts = url.parse(text)
  return parts and (parts.scheme == "http" or parts.scheme == "https") and parts.host ~= ""
end

local function shorten(event)
  if not may_shorten(event) then return refuse(401, "wrong or missing token") end
  local wanted, err = json.decode(event.body)
  if err then return refuse(400, "the body is no JSON") end
  if type(wanted) ~= "table" or not is_web_address(wanted.url) then
    return refuse(400, "url must be an http or https address")
  end
  local code = random.string(CODE_LENGTH)
  -- cas stores only what is missing, so no code is ever given away twice.
  local is_stored
  is_stored, err = kv.cas("link:" .. code, nil, wanted.url)
  if not is_stored then
    log.error("link not stored: " .. (err or "its code is taken"))
    return refuse(503, "try again")
  end
  return { statusCode = 201, body = { code = code, url = router.url("/:code", { code = code }) } }
end

local function follow(event)
  local code = router.params(event.relativePath, "/:code").code
  local target, err = kv.get("link:" .. code)
  if err then
    log.error("link not read: " .. err)
    return refuse(503, "try again")
  end
  if not target then return refuse(404, "no such link") end
  return { statusCode = 302, headers = { Location = target } }
end

function handler(ctx, event)
  if event.method == "POST" and event.relativePath == "/" then return shorten(event) end
  if event.method == "GET" and router.match(event.relativePath, "/:code") then
    return follow(event)
  end
  return refuse(404, "not found")
end
