// Runs on a schedule: set one on the settings tab.
export default async (_ctx: unknown, event: any) => {
  if (event.trigger !== "cron") log.warn("called by hand, not by the schedule");
  const runs = await kv.incr("runs");
  log.info("tick", { run: runs, scheduled: event.headers["X-Cron-Scheduled-Time"] });
  return { runs };
};
