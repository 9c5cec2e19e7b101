// Brazilian Portuguese.

import code from "./pt-BR/code.js";
import editor from "./pt-BR/editor.js";
import errors from "./pt-BR/errors.js";
import executions from "./pt-BR/executions.js";
import frame from "./pt-BR/frame.js";
import functions from "./pt-BR/functions.js";
import settings from "./pt-BR/settings.js";

export default { ...frame, ...functions, ...code, ...editor, ...executions, ...errors, ...settings };
