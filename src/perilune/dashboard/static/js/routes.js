// Every screen: its address, its title, and the module that draws it.

/**
 * @typedef {object} ScreenProps
 * @property {Record<string, string>} params  from the address
 * @property {URLSearchParams} query
 */

/**
 * @typedef {object} Route
 * @property {string} pattern
 * @property {import("./i18n.js").TextKey} title
 * @property {"overview" | "functions" | "executions" | "tokens" | ""} section  of the navigation
 * @property {() => Promise<{ default: (props: ScreenProps) => any }>} load
 */

/** @type {Route[]} */
export const ROUTES = [
  { pattern: "/login", title: "login.title", section: "", load: () => import("./screens/login.js") },
  {
    pattern: "/overview",
    title: "nav.overview",
    section: "overview",
    load: () => import("./screens/overview.js"),
  },
  { pattern: "/tokens", title: "nav.tokens", section: "tokens", load: () => import("./screens/tokens.js") },
  {
    pattern: "/functions",
    title: "functions.title",
    section: "functions",
    load: () => import("./screens/functions.js"),
  },
  {
    pattern: "/functions/new",
    title: "functions.new",
    section: "functions",
    load: () => import("./screens/create.js"),
  },
  { pattern: "/functions/:id", title: "tab.code", section: "functions", load: () => import("./screens/code.js") },
  {
    pattern: "/functions/:id/versions",
    title: "tab.versions",
    section: "functions",
    load: () => import("./screens/versions.js"),
  },
  {
    pattern: "/functions/:id/diff/:v1/:v2",
    title: "compare.title",
    section: "functions",
    load: () => import("./screens/compare.js"),
  },
  {
    pattern: "/functions/:id/data",
    title: "tab.data",
    section: "functions",
    load: () => import("./screens/data.js"),
  },
  {
    pattern: "/functions/:id/settings",
    title: "tab.settings",
    section: "functions",
    load: () => import("./screens/settings.js"),
  },
  {
    pattern: "/functions/:id/test",
    title: "tab.test",
    section: "functions",
    load: () => import("./screens/test.js"),
  },
  {
    pattern: "/functions/:id/executions",
    title: "tab.executions",
    section: "functions",
    load: () => import("./screens/executions.js"),
  },
  {
    pattern: "/executions",
    title: "nav.executions",
    section: "executions",
    load: () => import("./screens/all-executions.js"),
  },
  {
    pattern: "/executions/:id",
    title: "execution.title",
    section: "executions",
    load: () => import("./screens/execution.js"),
  },
];

/** The screen of the empty address. */
export const HOME = "/overview";
