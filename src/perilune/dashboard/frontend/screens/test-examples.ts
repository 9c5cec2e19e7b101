// The request of the test screen as code.  No views here.

import { bodyText, headersOf, mayHaveBody, urlOf, type TestRequest } from "./test-request.ts";

interface Given {
  url: string;
  method: string;
  headers: [string, string][];
  hasType: boolean; // whether a content type is among them
  body: string;
  file: string; // the name of the file that is the body; empty for none
}

const LANGUAGES: Record<string, { name: string; write: (given: Given) => string }> = {
  curl: { name: "cURL", write: curl },
  javascript: { name: "JavaScript", write: javascript },
  python: { name: "Python", write: python },
  go: { name: "Go", write: go },
  lua: { name: "Lua (Perilune)", write: lua },
};

const LUA_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/** The languages in which the request can be written. */
export function exampleLanguages(request: TestRequest): [string, string][] {
  const { method, kind } = request;
  const canLua = LUA_METHODS.includes(method) && kind !== "file" && !(method === "DELETE" && bodyText(request));
  return Object.entries(LANGUAGES)
    .filter(([language]) => language !== "lua" || canLua)
    .map(([language, { name }]) => [language, name]);
}

/**
 * Code that sends *request* to a function.
 *
 * @param base  where it is called
 */
export function exampleCode(language: string, base: string, request: TestRequest) {
  const headers = headersOf(request).map(([name, value]) => ([name, whole(value)] as [string, string]));
  const given = {
    url: urlOf(base, request),
    method: request.method,
    headers,
    hasType: headers.some(([name]) => name.toLowerCase() === "content-type"),
    body: whole(bodyText(request) ?? ""),
    file: mayHaveBody(request) && request.kind === "file" ? (request.file?.name ?? "") : "",
  };
  return (LANGUAGES[language] ?? { write: curl }).write(given);
}

/** Text as it is sent: halves of characters are replaced. */
const whole = (text: string) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(new TextEncoder().encode(text));

function curl({ url, method, headers, hasType, body, file }: Given) {
  const hasBody = body !== "" || file !== "";
  const lines = [
    `curl ${method === "HEAD" ? "--head" : `--request ${method}`} ${/[[\]{}]/.test(url) ? "--globoff " : ""}${shell(url)}`,
    ...headers.map(([name, value]) => `--header ${shell(value === "" ? `${name};` : `${name}: ${value}`)}`),
    // It would add a type of forms.
    ...(hasBody && !hasType ? ["--header 'Content-Type:'"] : []),
    ...(file ? [`--data-binary ${shell(`@${file}`)}`] : []),
    ...(body ? [`--data-raw ${shell(body)}`] : []),
  ];
  return `${lines.join(" \\\n  ")}\n`;
}

function javascript({ url, method, headers, hasType, body, file }: Given) {
  // To a text without a type, fetch adds one.
  const text = hasType ? JSON.stringify(body) : `new TextEncoder().encode(${JSON.stringify(body)})`;
  const options = [
    `  method: ${JSON.stringify(method)},`,
    ...(headers.length ? ["  headers: [", ...headers.map((pair) => `    [${pair.map((one) => JSON.stringify(one)).join(", ")}],`), "  ],"] : []),
    ...(file ? [`  body: await readFile(${JSON.stringify(file)}),`] : []),
    ...(body ? [`  body: ${text},`] : []),
  ];
  const imports = file ? 'import { readFile } from "node:fs/promises";\n\n' : "";
  return `${imports}const response = await fetch(${JSON.stringify(url)}, {\n${options.join("\n")}\n});\nconsole.log(response.status, await response.text());\n`;
}

function python({ url, method, headers, body, file }: Given) {
  // JSON texts are Python texts too: both write the same escapes.
  const options = [
    `    ${JSON.stringify(url)},`,
    ...(headers.length ? ["    headers={", ...joined(headers).map(([name, value]) => `        ${JSON.stringify(name)}: ${JSON.stringify(value)},`), "    },"] : []),
    ...(file ? [`    data=open(${JSON.stringify(file)}, "rb"),`] : []),
    ...(body ? [`    data=${JSON.stringify(body)}.encode(),`] : []),
  ];
  return `import requests\n\nresponse = requests.request(\n    ${JSON.stringify(method)},\n${options.join("\n")}\n)\nprint(response.status_code, response.text)\n`;
}

function go({ url, method, headers, body, file }: Given) {
  const reader = file ? "file" : body ? `strings.NewReader(${JSON.stringify(body)})` : "nil";
  const imports = ["fmt", "io", "net/http", ...(file ? ["os"] : []), ...(body ? ["strings"] : [])];
  const check = ["if err != nil {", "\tpanic(err)", "}"];
  const lines = [
    ...(file ? [`file, err := os.Open(${JSON.stringify(file)})`, ...check] : []),
    `req, err := http.NewRequest(${JSON.stringify(method)}, ${JSON.stringify(url)}, ${reader})`,
    ...check,
    ...headers.map(([name, value]) => `req.Header.Add(${JSON.stringify(name)}, ${JSON.stringify(value)})`),
    "resp, err := http.DefaultClient.Do(req)",
    ...check,
    "defer resp.Body.Close()",
    "text, err := io.ReadAll(resp.Body)",
    ...check,
    "fmt.Println(resp.StatusCode, string(text))",
  ];
  return `package main\n\nimport (\n${imports.map((one) => `\t"${one}"`).join("\n")}\n)\n\nfunc main() {\n${lines.map((one) => `\t${one}`).join("\n")}\n}\n`;
}

/** From within another function. */
function lua({ url, method, headers, body }: Given) {
  const options = [
    ...(headers.length ? ["    headers = {", ...joined(headers).map(([name, value]) => `      [${luaText(name)}] = ${luaText(value)},`), "    },"] : []),
    ...(body ? [`    body = ${luaText(body)},`] : []),
  ];
  const table = options.length ? `, {\n${options.join("\n")}\n  }` : "";
  return `function handler(ctx, event)\n  local res, err = http.${method.toLowerCase()}(${luaText(url)}${table})\n  if not res then\n    error(err)\n  end\n  return { statusCode = res.statusCode, body = res.body }\nend\n`;
}

/** Headers with those of one name together. */
function joined(headers: [string, string][]) {
  const found = new Map<string, [string, string]>();
  for (const [name, value] of headers) {
    const before = found.get(name.toLowerCase());
    found.set(name.toLowerCase(), before ? [before[0], `${before[1]}, ${value}`] : [name, value]);
  }
  return [...found.values()];
}

/** A word for a POSIX shell. */
const shell = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** A text for Lua, which has decimal escapes where JSON has hexadecimal ones. */
const luaText = (text: string) =>
  JSON.stringify(text).replace(/\\(?:u([0-9a-f]{4})|.)/g, (escape, code) => (code ? `\\${String(Number.parseInt(code, 16)).padStart(3, "0")}` : escape));
