// English.  Keys are the same in every language; see i18n.js.

import code from "./en/code.ts";
import editor from "./en/editor.ts";
import errors from "./en/errors.ts";
import executions from "./en/executions.ts";
import frame from "./en/frame.ts";
import functions from "./en/functions.ts";
import settings from "./en/settings.ts";

export default { ...frame, ...functions, ...code, ...editor, ...executions, ...errors, ...settings };
