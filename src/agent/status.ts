// What the agent says of itself, as its `status` verb and `rolekeeper agent status --json` give it. Pure.

import { parseJson } from '../credentials/json.ts';

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
  if (typeof fields !== 'object' || fields === null || !('v' in fields) || fields.v !== 1) return undefined;
  const number = (name: string) => numberIn(fields, name);
  const text_ = (name: string) => textIn(fields, name);
  const [pid, uptimeSeconds, callers, cached] = [number('pid'), number('uptimeSeconds'), number('callers'), number('cached')];
  const [refreshing, planned, version, socket] = [number('refreshing'), number('planned'), text_('version'), text_('socket')];
  if (pid === undefined || uptimeSeconds === undefined || callers === undefined || cached === undefined) return undefined;
  if (refreshing === undefined || planned === undefined || version === undefined || socket === undefined) return undefined;
  const nextRefreshAt = text_('nextRefreshAt');
  const profiles = textsIn(fields, 'profiles');
  return {
    v: 1,
    ...{ pid, version, uptimeSeconds, socket, callers, cached, refreshing, planned },
    ...(profiles === undefined ? {} : { profiles }),
    ...(nextRefreshAt === undefined ? {} : { nextRefreshAt }),
    ...('unlocked' in fields && fields.unlocked === true ? { unlocked: true } : {}),
  };
}

function numberIn(fields: object, name: string): number | undefined {
  const value: unknown = Object.entries(fields).find(([key]) => key === name)?.[1];
  return typeof value === 'number' ? value : undefined;
}

function textIn(fields: object, name: string): string | undefined {
  const value: unknown = Object.entries(fields).find(([key]) => key === name)?.[1];
  return typeof value === 'string' ? value : undefined;
}

function textsIn(fields: object, name: string): readonly string[] | undefined {
  const value: unknown = Object.entries(fields).find(([key]) => key === name)?.[1];
  return Array.isArray(value) && value.every((text) => typeof text === 'string') ? value : undefined;
}
