// The names in Lua code that can be completed.  No views here.

type LuaName = { label: string; type: "variable" | "function" | "keyword" | "namespace" };

const KEYWORDS = [
  ...["and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in"],
  ...["local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while"],
];
const GLOBALS = [
  ...["assert", "error", "ipairs", "next", "pairs", "pcall", "print", "rawequal", "rawget", "rawset"],
  ...["select", "setmetatable", "getmetatable", "tonumber", "tostring", "type", "unpack", "xpcall"],
];
/** The libraries that the sandbox has. */
const LIBRARIES: Record<string, string[]> = {
  string: ["byte", "char", "find", "format", "gmatch", "gsub", "len", "lower", "match", "rep", "reverse", "sub", "upper"],
  table: ["concat", "insert", "maxn", "remove", "sort"],
  math: ["abs", "ceil", "cos", "exp", "floor", "fmod", "huge", "log", "max", "min", "modf", "pi", "pow", "random", "sin", "sqrt", "tan"],
  coroutine: ["create", "resume", "running", "status", "wrap", "yield"],
  os: ["clock", "date", "difftime", "time"],
};
const DECLARATION =
  /\blocal\s+function\s+(\w+)|\bfunction\s+(\w+)|\blocal\s+(\w+(?:\s*,\s*\w+)*)|\bfor\s+(\w+(?:\s*,\s*\w+)*)\s*(?:=|in\b)|^(\w+)\s*=(?!=)/gm;
const PARAMETERS = /\bfunction\b[^(\n]*\(([^)\n]*)\)/g;

/** What *text* declares, and what is always there. */
export function luaNames(text: string): LuaName[] {
  const found = new Map<string, LuaName["type"]>();
  const note = (names: string | undefined, type: LuaName["type"]) => {
    for (const name of names?.match(/[A-Za-z_]\w*/g) ?? []) if (!KEYWORDS.includes(name)) found.set(name, type);
  };
  for (const name of KEYWORDS) found.set(name, "keyword");
  for (const name of GLOBALS) found.set(name, "function");
  for (const name of Object.keys(LIBRARIES)) found.set(name, "namespace");
  for (const [, parameters] of text.matchAll(PARAMETERS)) note(parameters, "variable");
  for (const [, inner, outer, locals, counters, globals] of text.matchAll(DECLARATION)) {
    note(inner ?? outer, "function");
    note(locals ?? counters ?? globals, "variable");
  }
  return [...found].map(([label, type]) => ({ label, type }));
}

/** What one of the libraries has; none for other names. */
export const luaMembers = (name: string): LuaName[] =>
  (Object.hasOwn(LIBRARIES, name) ? (LIBRARIES[name] ?? []) : []).map((label) => ({ label, type: "function" }));
