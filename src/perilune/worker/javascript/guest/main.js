/**
 * Runs JavaScript and TypeScript functions: the program that Deno is started with.
 *
 * The process is locked down, and Deno has no permissions.  Everything of Deno that is
 * needed is taken before guest code is loaded, and hidden from it.
 */

// Guests may import it; what it consists of could not be loaded any more without `Deno`.
import "node:crypto";

import { Channel } from "./channel.js";
import { makeConsole } from "./console.js";
import { Execution } from "./execution.js";
import { Failures } from "./failures.js";
import { makeGuest } from "./guest.js";
import { describedBy, HostCalls } from "./host_calls.js";
import { Name } from "./msgpack.js";
import { Program } from "./program.js";
import { expose, hide } from "./sandbox.js";
import { Timers } from "./timers.js";

const { exit } = Deno;
const inspectAny = Deno.inspect;
const report = console.error;
const GUEST = Symbol.for("perilune.guest");
const READY = new Name("ready");
const EXIT_BROKEN = 5;

/** @param {unknown} value */
const inspect = (value) =>
  inspectAny(value, { depth: 6, iterableLimit: 200, strAbbreviateSize: 10_000 });

const timers = new Timers();
const channel = new Channel(() => timers.areDue);
const setup = channel.next() ?? exit(0);
if (setup[0] !== "setup") exit(EXIT_BROKEN);
const [, , bodyLimit, lineLimit, functions, language = "javascript"] = setup;

const calls = new HostCalls(channel);
const failures = new Failures(inspect);
const guest = makeGuest({
  functions: functions.map(describedBy),
  calls,
  timers,
  lineLimit,
  inspect,
});
const execution = new Execution({
  channel,
  calls,
  timers,
  failures,
  program: new Program(language, failures),
  guest,
  bodyLimit,
});

// From here on it is loaded, whatever becomes of the object that it has taken them from.
expose({ [GUEST]: guest.modules });
await import("perilune");
Reflect.deleteProperty(globalThis, GUEST);
timers.install();
expose({ ...guest.modules, console: makeConsole(guest.log, inspect), fetch: guest.fetch });
hide();
expose({ navigator: Object.freeze({ userAgent: "Perilune" }) });
channel.send((packer) => {
  packer.array(2);
  packer.value(READY);
  packer.value([]);
});

// Not awaited: a handler that waits in vain leaves nothing to do, which can be noticed.
execution.serve().catch((error) => {
  report(error);
  exit(EXIT_BROKEN);
}).then(() => exit(0));
