// What the agent says of itself, as its `status` verb and `rolekeeper agent status --json` give it. Pure.

import { isFields, isText, parseJson } from '../credentials/json.ts';

export interface AgentStatus {
  readonly v: 1;
  readonly pid: number;
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly socket: string;
  /** Connections open now, the one that asks included. */
  readonly callers: number;
  /** Credentials in memory. */
  readonly cached: number;
  /** Refreshes under way. */
  readonly refreshing: number;
  /** Credentials that the background keeps fresh. */
  readonly planned: number;
  /** Whose those are; not said by an agent of an earlier version. */
  readonly profiles?: readonly string[];
  /** ISO 8601, UTC, as AWS counts it: when the first of them is refreshed. */
  readonly nextRefreshAt?: string;
  /** True while a store is open here that a passphrase has opened. */
  readonly unlocked?: boolean;
}

/** Undefined for what is not such a status. */
export function parseAgentStatus(text: string): AgentStatus | undefined {
  const fields = parseJson(text);
  if (!isFields(fields) || fields['v'] !== 1) return undefined;
  const { pid, uptimeSeconds, callers, cached, refreshing, planned, version, socket } = fields;
  if (!isNumber(pid) || !isNumber(uptimeSeconds) || !isNumber(callers) || !isNumber(cached)) return undefined;
  if (!isNumber(refreshing) || !isNumber(planned) || !isText(version) || !isText(socket)) return undefined;
  const { profiles, nextRefreshAt, unlocked } = fields;
  return {
    v: 1,
    ...{ pid, version, uptimeSeconds, socket, callers, cached, refreshing, planned },
    ...(isTexts(profiles) ? { profiles } : {}),
    ...(isText(nextRefreshAt) ? { nextRefreshAt } : {}),
    ...(unlocked === true ? { unlocked } : {}),
  };
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText);
}
