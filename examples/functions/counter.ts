// Counts visits.
//
//   GET /fn/counter    {"visits": 3}
//
// Environment: none.
//
// Deploy:
//   perilune deploy counter.ts

import { type HandlerResult, kv, log, PeriluneError } from "perilune";

export default async function handler(): Promise<HandlerResult> {
  try {
    // incr is atomic: visits at the same time are all counted.
    return { visits: await kv.incr("visits") };
  } catch (error) {
    if (!(error instanceof PeriluneError)) throw error;
    log.error(`visit not counted: ${error.message}`);
    return { statusCode: 503, body: { error: "can't count at the moment" } };
  }
}
