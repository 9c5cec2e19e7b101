-- A contact form whose messages arrive as e-mail.
--
--   GET  /fn/contact-form    the form
--   POST /fn/contact-form    what the form sends
--
-- Environment:
--   CONTACT_TO        where messages go
--   CONTACT_FROM      sender; its domain must be known to the provider
--   RESEND_API_KEY    key for the provider
--
-- Deploy:
--   perilune deploy contact_form.lua --name contact-form
--   perilune env set contact-form CONTACT_TO CONTACT_FROM RESEND_API_KEY

local MAX_MESSAGE_CHARS = 5000
local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#x27;" }

-- In characters, not in bytes: bytes that go on with a character don't count.
local function length(text)
  return select(2, text:gsub("[^\128-\191]", ""))
end

-- Whatever strangers wrote must pass through here before it gets into HTML.
local function escape(text)
  return (text:gsub("[&<>\"']", ENTITIES))
end

local function page(status, content)
  return {
    statusCode = status,
    headers = { ["Content-Type"] = "text/html; charset=utf-8" },
    body = "<!doctype html><meta charset=utf-8><title>Contact</title>" .. content,
  }
end

-- People do not see the field `website`; programs that fill in everything give themselves away.
local function form(status, fields, problem)
  return page(status, (problem and "<p role=alert>" .. escape(problem) .. "</p>" or "")
    .. '<form method="post">'
    .. '<p><label>Name <input name="name" value="' .. escape(fields.name) .. '"></label>'
    .. '<p><label>E-mail <input name="email" value="' .. escape(fields.email) .. '"></label>'
    .. '<p><label>Message <textarea name="message">' .. escape(fields.message) .. "</textarea></label>"
    .. '<p hidden><label>Website <input name="website" tabindex="-1" autocomplete="off"></label>'
    .. "<p><button>Send</button></form>")
end

-- The fields of a form body; of several with the same name the first counts.
local function read_fields(body)
  local fields, found = { name = "", email = "", message = "", website = "" }, {}
  for name, value in body:gmatch("([^&=]+)=([^&]*)") do
    if fields[name] and not found[name] then
      found[name] = true
      fields[name] = strings.trim(url.decode(value) or value)
    end
  end
  return fields
end

local function problem_with(fields)
  if fields.name == "" or length(fields.name) > 100 or fields.name:find("%c") then
    return "Please tell us your name."
  end
  if length(fields.email) > 254 or not fields.email:find("^[^%s%c<>,;@]+@[^%s%c<>,;@]+%.[^%s%c<>,;@]+$") then
    return "Please give an e-mail address at which we can answer."
  end
  if fields.message == "" or length(fields.message) > MAX_MESSAGE_CHARS then
    return "Please write a message of at most " .. MAX_MESSAGE_CHARS .. " characters."
  end
end

function handler(ctx, event)
  if event.method ~= "POST" then
    return form(200, { name = "", email = "", message = "" })
  end
  local fields = read_fields(event.body)
  local problem = problem_with(fields)
  if problem then return form(400, fields, problem) end

  if fields.website == "" then
    local sent, err = email.send({
      from = env.get("CONTACT_FROM"),
      to = env.get("CONTACT_TO"),
      reply_to = fields.email,
      subject = "Message from " .. fields.name,
      text = fields.message,
      html = "<p>" .. escape(fields.message):gsub("\r?\n", "<br>") .. "</p>",
    })
    if err then
      log.error("message not sent: " .. err)
      return form(502, fields, "Your message could not be sent. Please try again later.")
    end
    log.info("message sent", { id = sent.id })
  end
  return page(200, "<p>Thank you, " .. escape(fields.name) .. ". We will answer soon.</p>")
end
