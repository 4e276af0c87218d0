// One line of the audit trail: an entry as JSON, and back. Pure.

import { isFields, parseJson } from '../credentials/json.ts';
import type { AuditEntry } from '../ports/audit.ts';

const format = 1;

/** With its newline. */
export function toAuditLine({ at, verb, profile, outcome, keySuffix, code, answeredBy, caller }: AuditEntry): string {
  const { pid, program, isClaimed } = caller;
  const when = new Date(at).toISOString();
  return `${JSON.stringify({ v: format, at: when, verb, profile, outcome, keySuffix, code, answeredBy, pid, program, claimed: isClaimed })}\n`;
}

/** Undefined for what is no entry: half a line after a crash, or one of a later version. */
export function parseAuditLine(line: string): AuditEntry | undefined {
  const value = parseJson(line); // undefined for a line that was cut off
  const fields = isFields(value) ? value : {};
  const { v, at, verb, profile, outcome, answeredBy } = fields;
  const time = typeof at === 'string' ? Date.parse(at) : Number.NaN;
  if (v !== format || !Number.isFinite(time) || typeof profile !== 'string') return undefined;
  if (!isOneOf(verb, ['get', 'exec', 'env']) || !isOneOf(outcome, ['cached', 'refreshed', 'failed'])) return undefined;
  if (!isOneOf(answeredBy, ['agent', 'process'])) return undefined;
  const { keySuffix, code, pid, program, claimed } = fields;
  return {
    at: time,
    verb,
    profile,
    outcome,
    ...(typeof keySuffix === 'string' ? { keySuffix } : {}),
    ...(typeof code === 'string' ? { code } : {}),
    answeredBy,
    caller: {
      ...(typeof pid === 'number' ? { pid } : {}),
      ...(typeof program === 'string' ? { program } : {}),
      isClaimed: claimed === true,
    },
  };
}

function isOneOf<T extends string>(value: unknown, words: readonly T[]): value is T {
  return words.some((word) => word === value);
}
