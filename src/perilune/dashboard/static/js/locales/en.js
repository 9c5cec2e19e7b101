// English.  Keys are the same in every language; see i18n.js.

import code from "./en/code.js";
import editor from "./en/editor.js";
import errors from "./en/errors.js";
import executions from "./en/executions.js";
import frame from "./en/frame.js";
import functions from "./en/functions.js";
import settings from "./en/settings.js";

export default { ...frame, ...functions, ...code, ...editor, ...executions, ...errors, ...settings };
