// Every screen: its address, its title, and the view that draws it.

import type { ComponentType } from "preact";
import type { TextKey } from "./i18n.ts";
import AllExecutions from "./screens/all-executions.tsx";
import Code from "./screens/code.tsx";
import Compare from "./screens/compare.tsx";
import Create from "./screens/create.tsx";
import Data from "./screens/data.tsx";
import ExecutionDetails from "./screens/execution.tsx";
import Executions from "./screens/executions.tsx";
import Functions from "./screens/functions.tsx";
import Login from "./screens/login.tsx";
import Overview from "./screens/overview.tsx";
import Settings from "./screens/settings.tsx";
import Test from "./screens/test.tsx";
import Tokens from "./screens/tokens.tsx";
import Versions from "./screens/versions.tsx";

export interface ScreenProps {
  params: Record<string, string>; // from the address
  query: URLSearchParams;
}

export interface Route {
  pattern: string;
  title: TextKey;
  section: "overview" | "functions" | "executions" | "tokens" | ""; // of the navigation
  view: ComponentType<ScreenProps>;
}

export const ROUTES: readonly Route[] = [
  { pattern: "/login", title: "login.title", section: "", view: Login },
  { pattern: "/overview", title: "nav.overview", section: "overview", view: Overview },
  { pattern: "/tokens", title: "nav.tokens", section: "tokens", view: Tokens },
  { pattern: "/functions", title: "functions.title", section: "functions", view: Functions },
  { pattern: "/functions/new", title: "functions.new", section: "functions", view: Create },
  { pattern: "/functions/:id", title: "tab.code", section: "functions", view: Code },
  { pattern: "/functions/:id/versions", title: "tab.versions", section: "functions", view: Versions },
  { pattern: "/functions/:id/diff/:v1/:v2", title: "compare.title", section: "functions", view: Compare },
  { pattern: "/functions/:id/data", title: "tab.data", section: "functions", view: Data },
  { pattern: "/functions/:id/settings", title: "tab.settings", section: "functions", view: Settings },
  { pattern: "/functions/:id/test", title: "tab.test", section: "functions", view: Test },
  { pattern: "/functions/:id/executions", title: "tab.executions", section: "functions", view: Executions },
  { pattern: "/executions", title: "nav.executions", section: "executions", view: AllExecutions },
  { pattern: "/executions/:id", title: "execution.title", section: "executions", view: ExecutionDetails },
];

/** The screen of the empty address. */
export const HOME = "/overview";
