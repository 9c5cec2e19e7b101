// The request of the test screen as code of other languages.  That the code does what it says is
// shown by running it, beside a server, in test_bench_examples.py.

import "./browser.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { exampleCode, exampleLanguages } from "#dashboard/screens/test-examples.ts";
import { emptyRequest, type TestRequest } from "#dashboard/screens/test-request.ts";

const request = (changes: Partial<TestRequest>): TestRequest => ({ ...emptyRequest(), ...changes });
const code = (language: string, changes: Partial<TestRequest>) => exampleCode(language, URL_OF_F1, request(changes));
const URL_OF_F1 = "https://perilune.example/fn/f1";

for (const [body, part] of [
  ["back`quote", 'strings.NewReader("back`quote")'],
  ['a"b\\c\n\u0001', String.raw`strings.NewReader("a\"b\\c\n\u0001")`],
  ["São 🌙", 'strings.NewReader("São 🌙")'],
] as const) {
  test(`${JSON.stringify(body)} is escaped as Go reads it`, () => {
    const text = code("go", { method: "POST", body });

    assert.ok(text.includes(part), text);
    assert.ok(text.includes('req.Header.Add("Content-Type", "application/json")'), text);
  });
}

test("Go imports what it uses and nothing else, or it would not compile", () => {
  assert.deepEqual([...code("go", {}).matchAll(/^\t"(.*)"$/gm)].map((one) => one[1]), ["fmt", "io", "net/http"]);
});

test("cURL gets words that no shell changes", () => {
  const text = code("curl", { method: "POST", path: "/it's", query: "q=[1]", body: "$HOME `id`" });

  assert.equal(
    text,
    [
      `curl --request POST --globoff '${URL_OF_F1}/it'\\''s?q=[1]'`,
      "--header 'Content-Type: application/json'",
      "--data-raw '$HOME `id`'\n",
    ].join(" \\\n  "),
  );
});

test("a header without a value is sent by cURL, which would leave it out", () => {
  assert.ok(code("curl", { headers: [["X-Empty", ""]] }).includes("--header 'X-Empty;'"));
});

test("what has no body by its method sends none", () => {
  for (const [language] of exampleLanguages(request({}))) {
    assert.ok(!code(language, { method: "GET", body: "secret" }).includes("secret"), language);
  }
});

test("headers of one name are joined where a table holds them", () => {
  const headers: [string, string][] = [["X-A", "1"], ["x-a", "2"]];

  assert.match(code("python", { headers }), /"X-A": "1, 2"/);
  assert.match(code("lua", { headers }), /\["X-A"\] = "1, 2"/);
});

test("Lua gets decimal escapes", () => {
  assert.ok(code("lua", { method: "POST", body: "a\u0001b" }).includes(String.raw`body = "a\001b"`));
});

test("Lua is offered for what its HTTP module can send", () => {
  const has = (changes: Partial<TestRequest>) => exampleLanguages(request(changes)).some(([one]) => one === "lua");

  assert.deepEqual(
    [has({}), has({ method: "OPTIONS" }), has({ method: "DELETE" }), has({ method: "DELETE", body: "x" }), has({ method: "POST", kind: "file" })],
    [true, false, true, false, false],
  );
});
