// Brazilian Portuguese.

import code from "./pt-BR/code.ts";
import editor from "./pt-BR/editor.ts";
import errors from "./pt-BR/errors.ts";
import executions from "./pt-BR/executions.ts";
import frame from "./pt-BR/frame.ts";
import functions from "./pt-BR/functions.ts";
import settings from "./pt-BR/settings.ts";

export default { ...frame, ...functions, ...code, ...editor, ...executions, ...errors, ...settings };
