// Whether somebody is signed in.

import { get, post, signedOut } from "./api.ts";
import { go, place } from "./router.ts";
import { createStore } from "./store.ts";

type SessionState = "unknown" | "in" | "out";

export const session = createStore<SessionState>("unknown");

/** Find out whether this browser is signed in, and follow when it ends. */
export async function startSession() {
  signedOut.watch(() => leave());
  try {
    const { kind } = await get<{ kind: string }>("/api/auth/session");
    session.set(kind === "none" ? "out" : "in");
  } catch {
    // Without an answer nobody knows; the screens say what is wrong when they load.
    session.set("in");
  }
  if (session.get() === "out") leave();
}

/** @throws {ApiError} */
export async function signIn(apiKey: string) {
  await post("/api/auth/login", { apiKey });
  session.set("in");
  go(place.get().query.get("next") ?? "/", { replace: true });
}

/** @throws {ApiError} */
export async function signOut() {
  await post("/api/auth/logout");
  session.set("out");
  go("/login");
}

/** Go to the sign-in screen, and come back afterwards. */
function leave() {
  session.set("out");
  const { path, query } = place.get();
  if (path === "/login") return;
  const text = query.toString();
  const next = text ? `${path}?${text}` : path;
  go(next === "/" ? "/login" : `/login?next=${encodeURIComponent(next)}`, { replace: true });
}
