// Where a function is called.

import type { FunctionRecord } from "./answers.ts";

export type Called = Pick<FunctionRecord, "id" | "url" | "address">;

/** The URL for callers; the server's own says less where nobody has told it how it is reached. */
export const callUrl = ({ url }: Called) => new URL(url, location.origin).href;

/** The same at the page's own origin, the only one that it may send to. */
export const ownUrl = (fn: Called) => location.origin + callUrl(fn).replace(/^.*(?=\/fn\/)/, "");

/** The path as people read it. */
export const callPath = ({ id, address }: Called) => `/fn/${address ?? id}`;
