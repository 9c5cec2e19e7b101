// What settings of functions may be, and are unless they are given.
// Written by tools/generate_docs.py from perilune.function_settings; do not edit.

export const HTTP_METHODS: readonly string[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

export const SETTINGS = {
  name: { maxChars: 100 },
  address: { maxChars: 63 },
  description: { maxChars: 500 },
  runtime: { default: "lua" },
  disabled: { default: false },
  env_writable: { default: true },
  cron_schedule: { maxChars: 100 },
  cron_status: { default: "paused", words: ["active", "paused"] },
  cron_time_zone: {},
  cron_missed: { default: "skip", words: ["skip", "run_once"] },
  cron_overlap: { default: "skip", words: ["skip", "allow"] },
  timeout_s: { least: 1 },
  memory_mb: { least: 16 },
  rate_limit: { least: 1, most: 1000000 },
  rate_window_s: { least: 1, most: 86400 },
  max_concurrency: { least: 1, most: 10000 },
  access: { default: "public", words: ["public", "token", "signature"] },
  signature_scheme: { words: ["standard", "github", "stripe"] },
  allowed_methods: {},
  handles_options: { default: false },
  unsandboxed_html: { default: false },
  retention_days: { words: [7, 15, 30, 365] },
  retention_bytes: { least: 1048576, most: 1125899906842624 },
  save_response: { default: false },
} as const;

/** The settings in a function as the API shows it: what has no value is left out. */
export interface FunctionSettings {
  name: string;
  address?: string;
  description?: string;
  runtime: string;
  disabled: boolean;
  env_writable: boolean;
  cron_schedule?: string;
  cron_status?: string;
  cron_time_zone?: string;
  cron_missed: string;
  cron_overlap: string;
  timeout_s?: number;
  memory_mb?: number;
  rate_limit?: number;
  rate_window_s?: number;
  max_concurrency?: number;
  access: string;
  signature_scheme?: string;
  allowed_methods?: string;
  handles_options: boolean;
  unsandboxed_html: boolean;
  retention_days?: number;
  retention_bytes?: number;
  save_response: boolean;
}
