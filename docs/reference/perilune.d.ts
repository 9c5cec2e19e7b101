// What JavaScript and TypeScript functions on Perilune import.
// Written by Perilune 0.1.0 from its guest API.

declare module "perilune" {
  /** Text, or bytes; numbers become text. */
  export type Text = string | number | Uint8Array;

  /** Something that the guest API was asked for can't be done; the message says why. */
  export class PeriluneError extends Error {
    /** The module that failed, such as `kv`. */
    module: string;
  }

  /** About this execution. */
  export interface Context {
    executionId: string;
    functionId: string;
    functionName?: string;
    /** The path at which it was called: `/fn/ADDRESS` or `/fn/ID`, escaped. */
    mount: string;
    version?: string;
    requestId?: string;
    startedAt: number;
    baseUrl?: string;
    /** Returns the seconds until this execution is stopped. */
    timeLeft(): number;
    /** Returns the same in whole milliseconds. */
    getRemainingTimeInMillis(): number;
  }

  /** Headers by name, found in any case. */
  export type HeaderTexts = Record<string, string>;

  /** What happened: an HTTP request, or what else called the function. */
  export interface Event {
    method: string;
    path: string;
    relativePath: string;
    /** The same as it was sent: in `/a%2Fb` is one segment. */
    rawRelativePath: string;
    headers: HeaderTexts;
    body: string;
    query: Record<string, string>;
    multiHeaders: Record<string, string[]>;
    multiQuery: Record<string, string[]>;
    rawQuery: string;
    host: string;
    scheme: string;
    remoteAddr: string;
    trigger: string;
    /** The body as it was received. */
    readonly bodyBytes: Uint8Array<ArrayBuffer>;
    /** Returns the body, which is JSON; throws a SyntaxError if it is none. */
    json(): any;
  }

  /** What a handler may return to say everything about the response. */
  export interface HandlerResponse {
    statusCode?: number;
    status?: number;
    headers?: Headers | Record<string, string | number | (string | number)[]>;
    /** Text and bytes are sent as they are, other values as JSON. */
    body?: unknown;
    /** Whether the body is base64 of what is to be sent. */
    isBase64Encoded?: boolean;
  }

  /** A response, a text, bytes, or a value that is sent as JSON. */
  export type HandlerResult =
    | HandlerResponse
    | Response
    | string
    | Uint8Array
    | ArrayBuffer
    | number
    | boolean
    | object
    | null
    | void;

  export type Handler = (
    ctx: Context,
    event: Event,
  ) => HandlerResult | Promise<HandlerResult>;

  /** What a server answered. */
  export interface HttpResponse {
    statusCode: number;
    headers: HeaderTexts;
    multiHeaders: Record<string, string[]>;
    body: string;
    url: string;
    /** Whether the status is one of success. */
    readonly ok: boolean;
    /** The body as it was received. */
    readonly bodyBytes: Uint8Array<ArrayBuffer>;
    /** Returns the body, which is JSON; throws a SyntaxError if it is none. */
    json(): any;
  }

  export type RouteHandler = (event: Event, params: Record<string, string>) => unknown;

  /** Routes, tried in the order they were added. */
  export interface Router {
    get(pattern: string, handler: RouteHandler): Router;
    post(pattern: string, handler: RouteHandler): Router;
    put(pattern: string, handler: RouteHandler): Router;
    patch(pattern: string, handler: RouteHandler): Router;
    delete(pattern: string, handler: RouteHandler): Router;
    head(pattern: string, handler: RouteHandler): Router;
    any(pattern: string, handler: RouteHandler): Router;
    /** Returns what the handler of the first route that fits returns. */
    dispatch(event: Event): any;
  }

  export interface KvItem {
    key: string;
    value: string;
  }

  export interface KvPage {
    items: KvItem[];
    cursor?: string;
  }

  export interface ChatMessage {
    role: string;
    content: string;
  }

  export interface ChatUsage {
    inputTokens: number;
    outputTokens: number;
  }

  export interface ChatAnswer {
    content: string;
    model: string;
    usage: ChatUsage;
  }

  export interface SentEmail {
    id: string;
  }

  export interface EmailTag {
    name: string;
    value?: string;
  }

  export interface EmailAttachment {
    filename: string;
    content: string;
    contentType?: string;
  }

  export const log: {
    /** Adds a line of level info to the log of this execution. */
    info(message: unknown, fields?: object): void;
    /** Adds a line of level debug to the log of this execution. */
    debug(message: unknown, fields?: object): void;
    /** Adds a line of level warn to the log of this execution. */
    warn(message: unknown, fields?: object): void;
    /** Adds a line of level error to the log of this execution. */
    error(message: unknown, fields?: object): void;
  };

  export const kv: {
    /** Reads a value of this function's key-value store; null if there is none. */
    get(key: Text): Promise<string | null>;
    /** Stores a value; the option ttl (seconds, 100 years at most) makes it expire. */
    set(key: Text, value: Text, options?: { ttl?: number } | null): Promise<boolean>;
    /** Removes a value; a missing one is fine. */
    delete(key: Text): Promise<boolean>;
    /** Adds to a number atomically (1 unless given) and returns the sum; a sum beyond 2^53 is an error and changes nothing. */
    incr(key: Text, amount?: number | null): Promise<number>;
    /** Stores new only if the value is still old (null: missing), atomically. */
    cas(key: Text, old: Text | null, new_: Text): Promise<boolean>;
    /** Lists pairs by key: { items = { { key, value }, ... }, cursor = text or null }; pass the cursor to go on. */
    list(prefix?: Text | null, limit?: number | null, cursor?: Text | null): Promise<KvPage>;
  };

  export const env: {
    /** Reads an environment variable of this function; null if it is not set. */
    get(key: Text): Promise<string | null>;
    /** Sets an environment variable of this function, for later executions too. */
    set(key: Text, value: Text): Promise<boolean>;
    /** Removes an environment variable of this function; a missing one is fine. */
    delete(key: Text): Promise<boolean>;
  };

  export const http: {
    /** Sends a GET request; any status is a response: { statusCode, headers, multiHeaders, body, url }. Options: headers, query, timeout (seconds), followRedirects, maxBytes. */
    get(url: Text, options?: { headers?: Record<string, Text>; query?: Record<string, any>; timeout?: number; followRedirects?: boolean; maxBytes?: number } | null): Promise<HttpResponse>;
    /** Sends a HEAD request; options as for http.get. */
    head(url: Text, options?: { headers?: Record<string, Text>; query?: Record<string, any>; timeout?: number; followRedirects?: boolean; maxBytes?: number } | null): Promise<HttpResponse>;
    /** Sends a POST request; options as for http.get, and body, json or form. */
    post(url: Text, options?: { headers?: Record<string, Text>; query?: Record<string, any>; timeout?: number; followRedirects?: boolean; maxBytes?: number; body?: Text; json?: any; form?: Record<string, any> } | null): Promise<HttpResponse>;
    /** Sends a PUT request; options as for http.get, and body, json or form. */
    put(url: Text, options?: { headers?: Record<string, Text>; query?: Record<string, any>; timeout?: number; followRedirects?: boolean; maxBytes?: number; body?: Text; json?: any; form?: Record<string, any> } | null): Promise<HttpResponse>;
    /** Sends a PATCH request; options as for http.get, and body, json or form. */
    patch(url: Text, options?: { headers?: Record<string, Text>; query?: Record<string, any>; timeout?: number; followRedirects?: boolean; maxBytes?: number; body?: Text; json?: any; form?: Record<string, any> } | null): Promise<HttpResponse>;
    /** Sends a DELETE request; options as for http.get, and body, json or form. */
    delete(url: Text, options?: { headers?: Record<string, Text>; query?: Record<string, any>; timeout?: number; followRedirects?: boolean; maxBytes?: number; body?: Text; json?: any; form?: Record<string, any> } | null): Promise<HttpResponse>;
    /** Sends a request with any method; options as for http.get, and body, json or form. */
    request(method: Text, url: Text, options?: { headers?: Record<string, Text>; query?: Record<string, any>; timeout?: number; followRedirects?: boolean; maxBytes?: number; body?: Text; json?: any; form?: Record<string, any> } | null): Promise<HttpResponse>;
  };

  export const json: {
    /** Turns a value into JSON text; options: pretty, escape_html. */
    encode(value: unknown, options?: { pretty?: boolean; escapeHtml?: boolean } | null): string;
    /** Reads JSON text; the option null keeps null members as json.null. */
    decode(text: Text, options?: { null?: boolean } | null): any;
    /** Marks a table so that it is encoded as an array, even when it is empty. */
    array(items: Iterable<any>): any;
    /** Marks a table so that it is encoded as an object, whatever its keys are. */
    object(members: object): any;
    null: null;
  };

  export const time: {
    /** The current time in whole Unix seconds. */
    now(): number;
    /** Waits; ends early when the execution's time is over. */
    sleep(milliseconds: number): Promise<void>;
  };

  export const cookies: {
    /** The cookies of a request, name to value; an empty table without any. */
    parse(event: Record<string, any>): Record<string, string>;
    /** A value for the header Set-Cookie. Options: path, domain, maxAge (seconds; 0 deletes), expires (Unix seconds), secure, httpOnly (true unless given), sameSite (Strict, None; Lax unless given). */
    build(name: Text, value: Text, options?: { path?: Text; domain?: Text; maxAge?: number; expires?: number; secure?: boolean; httpOnly?: boolean; sameSite?: Text } | null): string;
  };

  export const random: {
    /** A random integer from min to max, both included. */
    int(min: number, max: number): number;
    /** A random number from 0 (included) to 1 (excluded). */
    float(): number;
    /** Random letters and digits, 1 to 1048576 of them; other lengths raise an error. */
    string(length: number): string;
    /** 1 to 1048576 random bytes as base64 (standard alphabet, with padding). */
    bytes(n: number): string;
    /** 1 to 1048576 random bytes as lower-case hex, two digits each. */
    hex(n: number): string;
    /** A unique id of 20 letters and digits (xid) that sorts by second. */
    id(): string;
  };

  export const router: {
    /** Whether a path fits a pattern: :name is one segment, a final * or *name one or more. */
    match(path: Text, pattern: Text): boolean;
    /** What the names of a pattern stand for in a path; empty if it does not fit. */
    params(path: Text, pattern: Text): Record<string, string>;
    /** The path at which this function was called, followed by a pattern: :name and a final *name are replaced by escaped values of params; names without a value stay, or raise an error with the option strict. Clients fold away segments that are . or .., so no value may be one. */
    path(pattern: Text, params?: Record<string, any> | null, options?: { strict?: boolean } | null): string;
    /** The same as router.path, after the base URL of the server. */
    url(pattern: Text, params?: Record<string, any> | null, options?: { strict?: boolean } | null): string;
    /** A table of routes: get, post, put, patch, delete, head and any take a pattern and handler(event, params); dispatch(event) returns what the first that fits returns, or a response with status 404 or 405. */
    "new"(): Router;
  };

  export const ai: {
    /** Asks a model: provider (openai or anthropic), model, messages ({ role, content }), max_tokens, temperature, endpoint. The response is { content, model, usage = { input_tokens, output_tokens } }. */
    chat(options: { provider: Text; model: Text; messages: ChatMessage[]; maxTokens?: number; temperature?: number; endpoint?: Text }): Promise<ChatAnswer>;
  };

  export const email: {
    /** Sends an e-mail: from, to, subject, text or html, cc, bcc, reply_to, headers, tags, scheduled_at, attachments ({ filename, content, content_type }). */
    send(options: { from?: Text; to: any; subject?: Text; text?: Text; html?: Text; cc?: any; bcc?: any; replyTo?: any; headers?: Record<string, Text>; tags?: EmailTag[]; scheduledAt?: any; attachments?: EmailAttachment[] }): Promise<SentEmail>;
  };

}

declare const log: typeof import("perilune").log;
declare const kv: typeof import("perilune").kv;
declare const env: typeof import("perilune").env;
declare const http: typeof import("perilune").http;
declare const json: typeof import("perilune").json;
declare const time: typeof import("perilune").time;
declare const cookies: typeof import("perilune").cookies;
declare const random: typeof import("perilune").random;
declare const router: typeof import("perilune").router;
declare const ai: typeof import("perilune").ai;
declare const email: typeof import("perilune").email;
declare const PeriluneError: typeof import("perilune").PeriluneError;
