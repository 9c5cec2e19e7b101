// Which screen is shown: the fragment of the address, as in `#!/functions/ID/versions?page=2`.

import { createStore } from "./store.ts";

interface Place {
  path: string;
  query: URLSearchParams;
}

export const place = createStore<Place>(parse(location.hash));

let mayLeave: (() => Promise<boolean>) | null = null;
let settled = location.hash;

/** Begin to follow the address. */
export function startRouter() {
  addEventListener("hashchange", async () => {
    if (location.hash === settled) return;
    const wanted = location.hash;
    if (mayLeave) {
      // Put the address back until we know: a reload must not land elsewhere.
      history.replaceState(null, "", settled || "#!/");
      if (!(await mayLeave())) return;
      history.pushState(null, "", wanted);
      mayLeave = null;
    }
    settled = wanted;
    place.set(parse(wanted));
  });
  addEventListener("beforeunload", (event) => {
    if (mayLeave) event.preventDefault();
  });
}

/**
 * Show another place.
 *
 * @param path  with a query if it has one
 */
export function go(path: string, { replace = false }: { replace?: boolean } = {}) {
  const hash = href(path);
  if (!replace) {
    location.hash = hash;
    return;
  }
  history.replaceState(null, "", hash);
  settled = hash;
  place.set(parse(hash));
}

/** Whether the place is that of the address; it follows a moment later. */
export const isSettled = () => location.hash === settled;

/** Change the query of the place that is shown; empty values are removed. */
export function setQuery(changes: Record<string, string | number | null>) {
  const { path, query } = place.get();
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") next.delete(name);
    else next.set(name, String(value));
  }
  const text = next.toString();
  go(text ? `${path}?${text}` : path, { replace: true });
}

/** The address of a place, for links. */
export const href = (path: string) => `#!${path}`;

/**
 * Ask before the place is left; null asks no more.
 *
 * @param ask  resolves to whether it may be left
 */
export function guardLeaving(ask: (() => Promise<boolean>) | null) {
  mayLeave = ask;
}

/** Match a path with a pattern such as `/functions/:id/versions`. */
export function match(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return null;
  const parameters: Record<string, string> = {};
  for (const [at, part] of wanted.entries()) {
    const text = given[at] ?? "";
    if (part.startsWith(":")) {
      if (!text) return null;
      parameters[part.slice(1)] = decoded(text);
    } else if (part !== text) return null;
  }
  return parameters;
}

function parse(hash: string): Place {
  const text = hash.replace(/^#!?/, "") || "/";
  const [path = "/", query = ""] = text.split("?", 2);
  return { path: path.startsWith("/") ? path : `/${path}`, query: new URLSearchParams(query) };
}

function decoded(text: string) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a broken escape: no such thing will be found
  }
}
