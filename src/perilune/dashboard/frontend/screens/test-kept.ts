// The requests to each function that this browser keeps.  Credentials are not among them.

import { useState } from "preact/hooks";
import { read, write } from "../preferences.ts";
import { emptyRequest, type TestRequest } from "./test-request.ts";

export interface Kept {
  current: TestRequest | null; // what was in the form when the screen was left
  history: TestRequest[]; // the last ones that were sent, newest first
  saved: { name: string; request: TestRequest }[];
}

const HISTORY_KEPT = 10;
const MAX_KEPT_CHARS = 500_000;
const SECRET = /authorization|cookie|token|secret|password|signature|api-?key/i;

/** What is kept of a function, and how to keep something else. */
export function useKept(functionId: string): [Kept, (changes: Partial<Kept>) => void] {
  const key = `perilune-requests:${functionId}`;
  const [kept, setKept] = useState(() => parsed(read(key)));
  const keep = (changes: Partial<Kept>) =>
    setKept((before) => {
      const next = { ...before, ...changes };
      const text = JSON.stringify(withoutSecrets(next));
      if (text.length <= MAX_KEPT_CHARS) write(key, text);
      return next;
    });
  return [kept, keep];
}

/** The history with one more request at its beginning. */
export function withRequest(history: TestRequest[], request: TestRequest) {
  const text = JSON.stringify(request);
  return [request, ...history.filter((one) => JSON.stringify(one) !== text)].slice(0, HISTORY_KEPT);
}

function parsed(text: string | null): Kept {
  try {
    const found = JSON.parse(text ?? "null") ?? {};
    const request = (one: Partial<TestRequest>) => ({ ...emptyRequest(), ...one, file: null });
    return {
      current: found.current ? request(found.current) : null,
      history: Array.isArray(found.history) ? found.history.map(request) : [],
      saved: Array.isArray(found.saved)
        ? found.saved.map((one: Partial<Kept["saved"][number]>) => ({ name: String(one.name), request: request(one.request ?? {}) }))
        : [],
    };
  } catch {
    return { current: null, history: [], saved: [] };
  }
}

function withoutSecrets({ current, history, saved }: Kept): Kept {
  return {
    current: current && withoutSecret(current),
    history: history.map(withoutSecret),
    saved: saved.map(({ name, request }) => ({ name, request: withoutSecret(request) })),
  };
}

function withoutSecret(request: TestRequest): TestRequest {
  const headers = request.headers.filter(([name, value]) => name || value);
  return { ...request, file: null, headers: headers.map(([name, value]) => [name, SECRET.test(name) ? "" : value]) };
}
