/** `console`, whose output is the log of the execution. */

const { min } = Math;

/**
 * @typedef {(level: string, text: string) => void} LogLine
 */

/**
 * Return the object that guests have as `console`.
 *
 * @param {LogLine} log stores a line
 * @param {(value: unknown, options?: object) => string} inspect writes any value
 */
export function makeConsole(log, inspect) {
  let indent = "";

  /** @param {string} level */
  const writer = (level) => (/** @type {unknown[]} */ ...values) => {
    const text = format(values, inspect);
    log(level, indent ? text.replace(/^/gm, indent) : text);
  };
  const info = writer("info");
  const warn = writer("warn");
  const group = (/** @type {unknown[]} */ ...values) => {
    if (values.length > 0) info(...values);
    indent = " ".repeat(min(indent.length + 2, 40));
  };

  return {
    log: info,
    info,
    debug: writer("debug"),
    warn,
    error: writer("error"),
    dir: (/** @type {unknown} */ value) => info(inspect(value)),
    dirxml: info,
    table: (/** @type {unknown} */ value) => info(inspect(value)),
    trace: (/** @type {unknown[]} */ ...values) => {
      const stack = new Error().stack ?? "";
      const frames = stack.split("\n").filter((line) => line.includes("blob:"));
      const plain = frames.join("\n").replace(/blob:[^\s()]*?:(?=\d+:\d+)/g, "main:");
      writer("debug")(["Trace:", format(values, inspect)].join(" ").trimEnd() + `\n${plain}`);
    },
    assert: (/** @type {unknown} */ condition, /** @type {unknown[]} */ ...values) => {
      if (condition) return;
      writer("error")("Assertion failed" + (values.length > 0 ? ":" : ""), ...values);
    },
    ...makeCounters(info),
    ...makeTimers(info, warn),
    group,
    groupCollapsed: group,
    groupEnd: () => {
      indent = indent.slice(2);
    },
    clear: () => {},
    profile: () => {},
    profileEnd: () => {},
    timeStamp: () => {},
  };
}

/** @typedef {(...values: unknown[]) => void} Writer */

/** @param {Writer} info */
function makeCounters(info) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  return {
    count: (label = "default") => {
      counts.set(label, (counts.get(label) ?? 0) + 1);
      info(`${label}: ${counts.get(label)}`);
    },
    countReset: (label = "default") => void counts.delete(label),
  };
}

/**
 * @param {Writer} info
 * @param {Writer} warn
 */
function makeTimers(info, warn) {
  /** @type {Map<string, number>} */
  const timers = new Map();
  /** @param {string} label @param {unknown[]} values */
  const elapsed = (label, values) => {
    const started = timers.get(label);
    if (started === undefined) return warn(`Timer '${label}' does not exist`);
    info(`${label}: ${(performance.now() - started).toFixed(3)} ms`, ...values);
  };
  return {
    time: (label = "default") => void timers.set(label, performance.now()),
    timeLog: (label = "default", /** @type {unknown[]} */ ...values) => elapsed(label, values),
    timeEnd: (label = "default") => {
      elapsed(label, []);
      timers.delete(label);
    },
  };
}

/**
 * @param {unknown[]} values
 * @param {(value: unknown) => string} inspect
 */
function format(values, inspect) {
  const shown = (/** @type {unknown} */ value) =>
    typeof value === "string" ? value : inspect(value);
  const [first] = values;
  if (values.length === 1) return shown(first);
  if (typeof first !== "string" || !first.includes("%")) return values.map(shown).join(" ");
  let next = 1;
  const text = first.replace(/%[sdifjoOc%]/g, (mark) => {
    if (mark === "%%") return "%";
    if (next >= values.length) return mark;
    const value = values[next++];
    switch (mark) {
      case "%s":
        return shown(value);
      case "%d":
        return typeof value === "symbol" ? "NaN" : String(Number(value));
      case "%i":
        return typeof value === "symbol" ? "NaN" : String(parseInt(String(value)));
      case "%f":
        return typeof value === "symbol" ? "NaN" : String(parseFloat(String(value)));
      case "%j":
        return JSON.stringify(value) ?? "undefined";
      case "%c":
        return "";
      default:
        return inspect(value);
    }
  });
  return [text, ...values.slice(next).map(shown)].join(" ");
}
