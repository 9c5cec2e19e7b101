-- Runs on a schedule: set one on the settings tab.
function handler(ctx, event)
  if event.trigger ~= "cron" then
    log.warn("called by hand, not by the schedule")
  end
  local runs = kv.incr("runs", 1)
  log.info("tick", { run = runs, scheduled = event.headers["X-Cron-Scheduled-Time"] })
  return { statusCode = 200, body = { runs = runs } }
end
