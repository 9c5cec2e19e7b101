// A REST API for a list of things to do.
//
//   GET    /fn/todo-api/todos         {"todos": [...], "cursor": "..."}; ?cursor=... goes on there
//   POST   /fn/todo-api/todos         {"title": "..."}: adds one
//   GET    /fn/todo-api/todos/TODO    one of them
//   PUT    /fn/todo-api/todos/TODO    {"title": "...", "done": true}: replaces it
//   DELETE /fn/todo-api/todos/TODO    removes it
//
// Environment:
//   TODO_TOKEN    callers send it as `Authorization: Bearer TOKEN`
//
// Deploy:
//   perilune deploy todo_api.js --name todo-api
//   perilune env set todo-api TODO_TOKEN

import { createHash, timingSafeEqual } from "node:crypto";
import { env, kv, log, PeriluneError, random, router } from "perilune";

const PREFIX = "todo:";
const PAGE_SIZE = 50;
const MAX_TITLE_BYTES = 200;

class Refused extends Error {
  constructor(status, reason) {
    super(reason);
    this.status = status;
  }
}

const routes = router.new();

export default async function handler(ctx, event) {
  const token = await env.get("TODO_TOKEN");
  const given = event.headers.Authorization ?? "";
  if (!token || !isEqual(given, `Bearer ${token}`)) {
    return answer(401, { error: "wrong or missing token" });
  }
  try {
    return await routes.dispatch(event);
  } catch (error) {
    if (error instanceof Refused) return answer(error.status, { error: error.message });
    if (!(error instanceof PeriluneError)) throw error;
    log.error(`storage failed: ${error.message}`);
    return answer(503, { error: "try again later" });
  }
}

routes.get("/todos", async (event) => {
  const { items, cursor } = await kv.list(PREFIX, PAGE_SIZE, event.query.cursor);
  const todos = items.map(({ key, value }) => withId(key.slice(PREFIX.length), value));
  return cursor ? { todos, cursor } : { todos };
});

routes.post("/todos", async (event) => {
  const text = readTodo(event);
  const id = random.id(); // sorts by time, so the list is in order
  await kv.set(PREFIX + id, text);
  return answer(201, withId(id, text), { Location: router.url("/todos/:id", { id }) });
});

routes.get("/todos/:id", async (event, { id }) => withId(id, await stored(id)));

routes.put("/todos/:id", async (event, { id }) => {
  const text = readTodo(event);
  // Only what is still the same is replaced: a todo removed meanwhile stays removed.
  if (!(await kv.cas(PREFIX + id, await stored(id), text))) {
    throw new Refused(409, "changed by somebody else meanwhile");
  }
  return withId(id, text);
});

routes.delete("/todos/:id", async (event, { id }) => {
  await kv.delete(PREFIX + id);
  return { statusCode: 204 };
});

async function stored(id) {
  const text = await kv.get(PREFIX + id);
  if (text === null) throw new Refused(404, "no such todo");
  return text;
}

// Returns the todo in the body of a request, as it is stored.
function readTodo(event) {
  let given;
  try {
    given = event.json();
  } catch {
    throw new Refused(400, "the body is no JSON");
  }
  if (typeof given?.title !== "string") throw new Refused(400, "title is required");
  const title = given.title.trim();
  const size = new TextEncoder().encode(title).length;
  if (size < 1 || size > MAX_TITLE_BYTES) {
    throw new Refused(400, `title must have 1 to ${MAX_TITLE_BYTES} bytes`);
  }
  return JSON.stringify({ title, done: given.done === true });
}

function withId(id, text) {
  return { ...JSON.parse(text), id };
}

// Compares in a time that tells nothing about the token.
function isEqual(given, wanted) {
  const digest = (text) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

function answer(statusCode, body, headers = {}) {
  return { statusCode, headers, body };
}
