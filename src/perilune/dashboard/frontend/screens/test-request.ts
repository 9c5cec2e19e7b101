// The request of the test screen as data.  No views here.

export type Pair = [name: string, value: string];

export interface TestRequest {
  method: string;
  path: string; // below the function, such as `/users/123`
  query: string; // such as `a=1&b=2`
  headers: Pair[];
  kind: BodyKind;
  body: string; // sent byte for byte
  form: Pair[]; // what is sent instead when it is a form
  file: File | null; // what is sent instead when it is a file; it is kept nowhere
}

export type BodyKind = "json" | "form" | "text" | "file";

export const METHODS: readonly string[] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

export const emptyRequest = (): TestRequest => ({
  method: "GET",
  path: "",
  query: "",
  headers: [["Content-Type", "application/json"]],
  kind: "json",
  body: "",
  form: [],
  file: null,
});

export const mayHaveBody = ({ method }: TestRequest) => !["GET", "HEAD"].includes(method);

/** The body as text; null for a file and where there is none. */
export function bodyText(request: TestRequest) {
  if (!mayHaveBody(request) || request.kind === "file") return null;
  return (request.kind === "form" ? formText(request.form) : request.body) || null;
}

/** The bytes that are sent; null for none. */
export async function bodyBytes(request: TestRequest): Promise<Uint8Array<ArrayBuffer> | null> {
  if (mayHaveBody(request) && request.kind === "file") {
    return request.file && new Uint8Array(await request.file.arrayBuffer());
  }
  const text = bodyText(request);
  return text === null ? null : new TextEncoder().encode(text);
}

export const formText = (form: Pair[]) => new URLSearchParams(form.filter(([name]) => name)).toString();

/**
 * The address that the request goes to, as browsers write it.
 *
 * @param base  where the function is called
 */
export function urlOf(base: string, request: TestRequest) {
  const path = pathOf(request).replaceAll("#", "%23"); // a fragment would not be sent
  return new URL(`${base}${path.replace(/^\/(?=\?|$)/, "")}`).href;
}

/** The path and query as the function sees them. */
export function pathOf({ path, query }: TestRequest) {
  return `${path.startsWith("/") ? "" : "/"}${path}${query ? `?${query}` : ""}`;
}

/** Whether the request says that the scheduler sent it. */
export const isOfScheduler = ({ headers }: TestRequest) =>
  headers.some(([name, value]) => name.toLowerCase() === "x-trigger" && value === "cron");

/** Headers that have a name. */
export const headersOf = ({ headers }: TestRequest): Pair[] =>
  headers.map(([name, value]): Pair => [name.trim(), value]).filter(([name]) => name);

/** The request with a header in place of those of its name; an empty value takes it away. */
export function withHeader(headers: Pair[], name: string, value: string): Pair[] {
  const at = headers.findIndex(([one]) => one.trim().toLowerCase() === name.toLowerCase());
  const others = headers.filter(([one]) => one.trim().toLowerCase() !== name.toLowerCase());
  if (value === "") return others;
  return at < 0 ? [...others, [name, value]] : [...others.slice(0, at), [name, value], ...others.slice(at)];
}

export const headerValue = (headers: Pair[], name: string) => headers.find(([one]) => one.trim().toLowerCase() === name.toLowerCase())?.[1] ?? "";

/** What browsers let no page send. */
const OF_BROWSERS =
  /^(?:accept-charset|accept-encoding|access-control-request-.*|connection|content-length|cookie2?|date|dnt|expect|host|keep-alive|origin|referer|set-cookie|te|trailer|transfer-encoding|upgrade|via|proxy-.*|sec-.*)$/i;

/** The text that says it. */
export type HeaderProblem = "test.badName" | "test.badValue" | "test.noName" | "test.unsent" | "";

/** What is wrong with a header; all but `test.unsent` can't be sent at all. */
export function headerProblem([name, value]: Pair): HeaderProblem {
  const given = name.trim();
  if (!given) return value ? "test.noName" : "";
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(given)) return "test.badName";
  if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) return "test.badValue";
  return OF_BROWSERS.test(given) ? "test.unsent" : "";
}

/** The request that led to a stored event; what was masked stays masked. */
export function requestOfEvent(event: any): TestRequest {
  const left = new Set(["content-length", "connection", "accept-encoding", "user-agent", "host"]);
  const headers = Object.entries(event.headers ?? {}).filter(([name]) => !left.has(name.toLowerCase()));
  const pairs = headers.map(([name, value]) => ([name, String(value)] as Pair));
  const request = {
    ...emptyRequest(),
    method: event.method ?? "GET",
    path: event.relativePath === "/" ? "" : (event.relativePath ?? ""),
    query: event.rawQuery ?? new URLSearchParams(event.query ?? {}).toString(),
    headers: pairs,
    kind: (headerValue(pairs, "Content-Type").includes("json") ? "json" : "text") as BodyKind,
  };
  if (!event.isBase64Encoded) return { ...request, body: String(event.body ?? "") };
  const bytes = Uint8Array.from(atob(String(event.body ?? "")), (one) => one.charCodeAt(0));
  return { ...request, kind: "file", file: new File([bytes], "body.bin") };
}

/** What the scheduler would send. */
export function cronRequest(fn: { id: string; name: string; cron_schedule?: string }): TestRequest {
  const minute = Math.floor(Date.now() / 60_000) * 60;
  return {
    ...emptyRequest(),
    method: "POST",
    headers: [
      ["Content-Type", "application/json"],
      ["X-Trigger", "cron"],
      ["X-Cron-Schedule", fn.cron_schedule ?? "* * * * *"],
      ["X-Cron-Function-Id", fn.id],
      ["X-Cron-Function-Name", fn.name],
      ["X-Cron-Scheduled-Time", String(minute)],
    ],
  };
}
