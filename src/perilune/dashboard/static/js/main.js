// Starts the dashboard.

import { App } from "./app.js";
import { html, render } from "./lib.js";
import { applyPreferences } from "./preferences.js";
import { startRouter } from "./router.js";
import { startSession } from "./session.js";

applyPreferences();
startRouter();
void startSession();

const root = document.getElementById("app");
if (root) render(html`<${App} />`, root);
