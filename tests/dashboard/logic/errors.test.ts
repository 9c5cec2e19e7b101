// Errors of the server are told in the person's language, by the rule that they name or by their code.

import "./browser.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "#dashboard/api.ts";
import { fieldError } from "#dashboard/errors.ts";
import { locale } from "#dashboard/preferences.ts";

const RULES: [message: string, part: string][] = [
  ["name: name cannot be empty", "não pode ficar vazio"],
  ["name: name cannot be longer than 100 characters", "No máximo 100 caracteres"],
  ["name: name cannot contain control characters", "caracteres de controle"],
  ["code: code cannot be longer than 1048576 bytes", "No máximo 1.048.576 bytes"],
  ["memory_mb: memory_mb must be between 16 and 128", "inteiro de 16 a 128"],
  ["expires_in: expires_in must be from 1 to 315360000 seconds", "inteiro de 1 a 315.360.000"],
  ["runtime: runtime must be one of: [lua python]", "Um destes: lua python"],
  ["scopes: at least one is needed of: [read deploy]", "Um destes: read deploy"],
  ["cron_time_zone: unknown time zone Mars/Base", "fuso horário Mars/Base"],
  ["cron_status: cron_status active needs a cron_schedule", "não pode rodar sozinha"],
  ["cron_schedule: invalid cron expression: schedule never fires", "nunca acontece"],
  ["cron_schedule: invalid cron expression: expected exactly 5 fields, found 2: [1 2]", "aqui há 2"],
  ["cron_schedule: invalid cron expression: end of range (99) above maximum (23): 99", "99 em 99 está fora"],
  ["env_var_key: environment variable key cannot be empty", "não pode ficar vazio"],
  ["env_var_key: environment variable key can only contain letters, numbers, and underscores", "letras sem acento"],
  ["env_vars: cannot have more than 100 environment variables", "No máximo 100 variáveis"],
  ["value: value must have from 16 to 512 characters", "De 16 a 512 caracteres"],
  ["value: value must be whsec_ and base64 of 24 to 64 bytes", "base64 de 24 a 64 bytes"],
  ["value: value is not base64", "não é base64"],
  ["ttl: ttl must be a positive number of seconds", "mais do que zero"],
  ["KV error: key is too long: 600 bytes, at most 512 are allowed (limit max_key_bytes)", "pode ter 512 bytes"],
  ["KV error: value is too large: 9 bytes, at most 4 are allowed (limit max_value_bytes)", "No máximo 4 bytes"],
  ["KV error: the function's data would pass its quota of 100 bytes (limit x)", "podem ter 100 bytes ao todo"],
  ["name: another token has this name", "já tem este nome"],
  ["something that no rule knows", "something that no rule knows"],
];

locale.set("pt-BR");

for (const [message, part] of RULES) {
  test(message, () => {
    const told = fieldError(new ApiError(400, message, null, "invalid_request"));

    assert.ok(told.includes(part), told);
  });
}

test("an error without a rule is told by its code", () => {
  const told = fieldError(new ApiError(404, "Function not found", null, "function_not_found"));

  assert.equal(told, "Esta função não existe (mais).");
});

test("no answer at all is told as such", () => {
  assert.match(fieldError(new ApiError(0, "Failed to fetch")), /não responde/);
});
