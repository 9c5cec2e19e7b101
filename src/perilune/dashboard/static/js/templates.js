// What new functions can begin with.  The code is in templates/, one file per language.

/** @typedef {{ id: string, icon: import("./ui/icon.js").IconName }} Template */

/** @type {readonly Template[]} */
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
];

/** @type {Record<string, string>} */
const ENDINGS = { lua: "lua", javascript: "js", typescript: "ts", python: "py" };

/** Whether there are templates in this language. @param {string} runtime */
export const hasTemplates = (runtime) => Object.hasOwn(ENDINGS, runtime);

/**
 * The code of a template.
 *
 * @param {string} id
 * @param {string} runtime
 * @returns {Promise<string>}
 */
export async function templateCode(id, runtime) {
  const response = await fetch(`templates/${id}.${ENDINGS[runtime]}`);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return response.text();
}
