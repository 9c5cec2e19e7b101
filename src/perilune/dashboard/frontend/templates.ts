// What new functions can begin with.  The code is in templates/, one file per language.

import type { IconName } from "./ui/icon.tsx";

type Template = { id: string; icon: IconName };

export const TEMPLATES = [
  { id: "http", icon: "globe" },
  { id: "api", icon: "server" },
  { id: "aiChat", icon: "sparkles" },
  { id: "email", icon: "mail" },
  { id: "router", icon: "route" },
  { id: "webhook", icon: "key" },
  { id: "cron", icon: "clock" },
  { id: "counter", icon: "plus" },
  { id: "proxy", icon: "external" },
  { id: "blank", icon: "file" },
] as const satisfies readonly Template[];

const ENDINGS: Record<string, string> = { lua: "lua", javascript: "js", typescript: "ts", python: "py" };

/** Whether there are templates in this language. */
export const hasTemplates = (runtime: string) => Object.hasOwn(ENDINGS, runtime);

/** The code of a template. */
export async function templateCode(id: string, runtime: string): Promise<string> {
  const response = await fetch(`templates/${id}.${ENDINGS[runtime]}`);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return response.text();
}
