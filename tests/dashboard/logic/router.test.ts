// Addresses are matched with patterns; the query of a place can be changed.

import "./browser.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { go, href, match, place, setQuery } from "#dashboard/router.ts";

const shown = () => {
  const { path, query } = place.get();
  return [path, query.toString()];
};

test("the place is that of the address", () => {
  assert.deepEqual(shown(), ["/functions", "page=2"]);
});

test("patterns give their parameters, decoded", () => {
  assert.deepEqual(match("/functions/:id/diff/:v1/:v2", "/functions/a%2Fb/diff/1/2"), { id: "a/b", v1: "1", v2: "2" });
  assert.deepEqual(match("/functions", "/functions"), {});
});

test("a broken escape is taken as it is", () => {
  assert.deepEqual(match("/functions/:id", "/functions/%zz"), { id: "%zz" });
});

test("what is shorter, longer, different or empty does not match", () => {
  for (const path of ["/functions", "/functions/a/b", "/function/a", "/functions/"]) {
    assert.equal(match("/functions/:id", path), null, path);
  }
});

test("changes of the query keep the rest, and what is empty goes", () => {
  go("/executions?status=error&q=x", { replace: true });

  setQuery({ offset: 20, q: "", status: null, name: "a b" });

  assert.deepEqual(shown(), ["/executions", "offset=20&name=a+b"]);
});

test("links are fragments", () => {
  assert.equal(href("/functions?page=2"), "#!/functions?page=2");
});
