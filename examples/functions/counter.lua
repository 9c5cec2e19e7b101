-- Counts visits.
--
--   GET /fn/counter    {"visits": 3}
--
-- Environment: none.
--
-- Deploy:
--   perilune deploy counter.lua

function handler(ctx, event)
  -- incr is atomic: visits at the same time are all counted.
  local visits, err = kv.incr("visits")
  if err then
    log.error("visit not counted: " .. err)
    return { statusCode = 503, body = { error = "can't count at the moment" } }
  end
  return { body = { visits = visits } }
end
