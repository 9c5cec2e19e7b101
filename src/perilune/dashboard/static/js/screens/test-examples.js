// The request of the test screen as code.  No views here.

import { headersOf } from "./test-request.js";

/** @typedef {import("./test-request.js").TestRequest} TestRequest */

/** @type {readonly (readonly [string, string])[]} */
export const EXAMPLE_LANGUAGES = [
  ["curl", "cURL"],
  ["javascript", "JavaScript"],
  ["python", "Python"],
  ["go", "Go"],
];

/**
 * Code that sends *request* to *url*.
 *
 * @param {string} language
 * @param {string} url
 * @param {TestRequest} request
 */
export function exampleCode(language, url, request) {
  const hasBody = !["GET", "HEAD"].includes(request.method) && request.body !== "";
  const given = { url, method: request.method, headers: Object.entries(headersOf(request)), body: hasBody ? request.body : "" };
  if (language === "javascript") return javascript(given);
  if (language === "python") return python(given);
  if (language === "go") return go(given);
  return curl(given);
}

/** @typedef {{ url: string, method: string, headers: [string, string][], body: string }} Given */

/** @param {Given} given */
function curl({ url, method, headers, body }) {
  const lines = [
    `curl ${method === "HEAD" ? "--head" : `--request ${method}`} ${shell(url)}`,
    ...headers.map(([name, value]) => `--header ${shell(`${name}: ${value}`)}`),
    ...(body ? [`--data-binary ${shell(body)}`] : []),
  ];
  return `${lines.join(" \\\n  ")}\n`;
}

/** @param {Given} given */
function javascript({ url, method, headers, body }) {
  const options = [
    `  method: ${JSON.stringify(method)},`,
    ...(headers.length ? ["  headers: {", ...headers.map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)},`), "  },"] : []),
    ...(body ? [`  body: ${JSON.stringify(body)},`] : []),
  ];
  return `const response = await fetch(${JSON.stringify(url)}, {\n${options.join("\n")}\n});\nconsole.log(response.status, await response.text());\n`;
}

/** @param {Given} given */
function python({ url, method, headers, body }) {
  // JSON texts are Python texts too: both write the same escapes, surrogates aside.
  const options = [
    `    ${JSON.stringify(url)},`,
    ...(headers.length ? ["    headers={", ...headers.map(([name, value]) => `        ${JSON.stringify(name)}: ${JSON.stringify(value)},`), "    },"] : []),
    ...(body ? [`    data=${JSON.stringify(body)}.encode(),`] : []),
  ];
  return `import requests\n\nresponse = requests.request(\n    ${JSON.stringify(method)},\n${options.join("\n")}\n)\nprint(response.status_code, response.text)\n`;
}

/** @param {Given} given */
function go({ url, method, headers, body }) {
  const reader = body ? `strings.NewReader(${goText(body)})` : "nil";
  const imports = ["fmt", "io", "net/http", ...(body ? ["strings"] : [])];
  const lines = [
    `req, err := http.NewRequest(${goText(method)}, ${goText(url)}, ${reader})`,
    "if err != nil {",
    "\tpanic(err)",
    "}",
    ...headers.map(([name, value]) => `req.Header.Set(${goText(name)}, ${goText(value)})`),
    "resp, err := http.DefaultClient.Do(req)",
    "if err != nil {",
    "\tpanic(err)",
    "}",
    "defer resp.Body.Close()",
    "text, err := io.ReadAll(resp.Body)",
    "if err != nil {",
    "\tpanic(err)",
    "}",
    "fmt.Println(resp.StatusCode, string(text))",
  ];
  return `package main\n\nimport (\n${imports.map((one) => `\t"${one}"`).join("\n")}\n)\n\nfunc main() {\n${lines.map((one) => `\t${one}`).join("\n")}\n}\n`;
}

/** A word for a POSIX shell. @param {string} text */
const shell = (text) => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** A text for Go, whose escapes are those of JSON. @param {string} text */
const goText = (text) => JSON.stringify(text).replaceAll(String.raw`\/`, "/");
