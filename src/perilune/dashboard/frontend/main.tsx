// Starts the dashboard.

import { render } from "preact";
import { App } from "./app.tsx";
import { applyPreferences } from "./preferences.ts";
import { startRouter } from "./router.ts";
import { startSession } from "./session.ts";

applyPreferences();
startRouter();
void startSession();

const root = document.getElementById("app");
if (root) render(<App />, root);
