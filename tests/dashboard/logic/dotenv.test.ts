// Files of variables are read and written as other programs do.

import assert from "node:assert/strict";
import { test } from "node:test";
import { dotenvLine, parseDotenv } from "#dashboard/dotenv.ts";

const FILES: [text: string, variables: Record<string, string>, badLines: number[]][] = [
  ["A=1\r\nB = two \r\n", {"A": "1", "B": "two"}, []],
  ["A=a b # why\nB=#none\nC=a#b", {"A": "a b", "B": "", "C": "a#b"}, []],
  ["A='$x # y' # why\nB=\"\\t\\u00e9\\\\\"", {"A": "$x # y", "B": "\té\\"}, []],
  ["KEY=\"-----BEGIN\nabc\n-----END\"\nB=2", {"KEY": "-----BEGIN\nabc\n-----END", "B": "2"}, []],
  ["A=1\nA=2", {"A": "2"}, []],
  ["A=\"open\nB=2\nno", {"B": "2"}, [1, 3]],
];

for (const [text, variables, badLines] of FILES) {
  test(`${JSON.stringify(text)} is read`, () => {
    const { pairs, problems } = parseDotenv(text);

    assert.deepEqual([Object.fromEntries(pairs), problems], [variables, badLines]);
  });
}

test("what is written is read as the same", () => {
  const values = ["", "plain", "a b", "it's", 'say "x"', "$HOME", "it's $5\n", "a\\b", "#x", " x ", "é"];

  const text = values.map((one, at) => dotenvLine(`K${at}`, one)).join("");

  assert.deepEqual(parseDotenv(text).pairs.map(([, value]) => value), values);
});
