// What the management API answers, as far as the dashboard reads it.  Times are Unix seconds; what is
// optional is left out where there is nothing to say.

import type { FunctionSettings } from "./function-settings.ts";

/** The function with its settings. */
export interface FunctionRecord extends FunctionSettings {
  id: string;
  updated_at: number;
  url: string; // a path, unless the server knows where it is reached
  active_version: Version | null;
}

export interface Version {
  id: string;
  version: number;
  code: string; // not in lists, which ask for summaries
  runtime: string;
  created_at: number;
  created_by?: string;
  is_active: boolean;
  note?: string;
  requirements?: string;
}

/** A version as the list of versions shows it. */
export interface VersionSummary extends Version {
  code_bytes: number;
  first_line: string;
  executions: number; // how many are recorded, trials of drafts left out
  errors: number; // how many of those failed
}

export interface PaginationInfo {
  total: number;
  total_is_minimum?: boolean; // there may be more
  limit: number;
  offset: number;
}

/** One part of a list. */
export type Page<Member extends string, Row> = Record<Member, Row[]> & { pagination: PaginationInfo };

export interface Execution {
  id: string;
  function_id: string;
  function_name?: string; // in lists of several functions
  function_version_id: string;
  status: string;
  trigger: string;
  created_at: number;
  duration_ms?: number;
  error_kind?: string;
  error_message?: string;
  event_json?: string;
  response_json?: string;
}

export interface ServerVersion {
  version: string;
  runtimes: string[];
  store_bytes: number;
}

export interface LogLine {
  level: string;
  message: string;
  created_at: number;
}

/** A tracked call of an AI provider, or an e-mail. */
export interface TrackedRequest {
  id: string;
  status: string;
  duration_ms: number;
  created_at: number;
  request_json: string;
  response_json?: string;
  error_message?: string;
}

export interface AiRequest extends TrackedRequest {
  provider: string;
  model: string;
  endpoint: string;
  input_tokens?: number;
  output_tokens?: number;
}

export interface EmailRequest extends TrackedRequest {
  from: string;
  to: string[];
  subject: string;
  has_text: boolean;
  has_html: boolean;
  email_id?: string;
}

/** How many executions ended, and how long they took. */
export interface Summary {
  executions: number;
  errors: number;
  mean_ms?: number;
  p50_ms?: number;
  p95_ms?: number;
  p99_ms?: number;
}

type SummaryAt = Summary & { time: number };
export type SummaryOf = Summary & { function_id: string; name: string };

/** What a function has done of late, and when it is due. */
export type Activity = SummaryOf & { last_execution?: Execution; next_run?: number };

export interface Statistics {
  range: string;
  total: Summary;
  series: SummaryAt[];
}

export interface StatisticsOverview extends Statistics {
  function_count: number;
  running: number;
  functions: SummaryOf[];
  failing: string[]; // ids of functions
  slow: string[]; // the same
}

/** What has become of one due time of a schedule. */
export interface Tick {
  tick: number;
  outcome: string;
  execution_id?: string;
  reason?: string;
  passed_over: number; // due times before it that are left out
}

/** A function that is started by the clock. */
export interface Schedule {
  function_id: string;
  name: string;
  cron_schedule: string;
  next_run?: number;
}

export interface Token {
  id: string;
  name: string;
  scopes: string[];
  created_at: number;
  expires_at?: number;
  last_used_at?: number;
}

/** A login with the management key. */
export interface LoginSession {
  id: string;
  address: string;
  user_agent: string;
  current: boolean; // this browser's
  created_at: number;
  last_used_at: number;
  expires_at: number;
}
