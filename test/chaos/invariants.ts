// What must hold of every answer, whatever was done to the world. Pure: gets the answer and what is known of it, and says what is wrong.

import type { ExitStatus } from '../../src/errors.ts';
import type { Ran } from '../harness/world.ts';
import type { Issued } from './wire-tap.ts';

/** What is known of one answer. */
export interface Facts {
  readonly ran: Ran;
  /** SIGKILL by a fault. */
  readonly isKilled: boolean;
  /** Time that it was stopped. */
  readonly stoppedMs: number;
  /** What a starved machine may add, as the canary measured it. */
  readonly allowanceMs: number;
  /** By the access key id of the document. */
  readonly issued: (accessKeyId: string) => Issued | undefined;
  /** Any of these; undefined is the user's own keys. */
  readonly expected: readonly Expected[];
  /** AWS's time when the call began. */
  readonly awsStartedAt: number;
  /** True where nobody could know AWS's time: it had moved without a word, or what was known of it was destroyed. */
  readonly isTimeUnknowable: boolean;
  /** True where the local clock was right all the time. */
  readonly isClockRight: boolean;
  /** Exit statuses that the faults of this time explain. */
  readonly explained: readonly ExitStatus[];
}

export type Expected =
  | { readonly kind: 'role'; readonly roleArn: string }
  | { readonly kind: 'session' }
  | { readonly kind: 'keys'; readonly accessKeyId: string; readonly secretAccessKey: string };

export const deadlineMs = 4_000;

/** Every rule that the answer breaks, in words; none for a right one. */
export function brokenRules(facts: Facts): readonly string[] {
  const { ran } = facts;
  const tooLate = lateness(facts);
  const broken = tooLate === undefined ? [] : [tooLate];
  if (ran.status === undefined) return [...broken, ...brokenByEnd(facts)];
  return [...broken, ...(ran.status === 0 ? brokenBySuccess(facts) : brokenByFailure(ran.status, facts))];
}

function lateness({ ran, stoppedMs, allowanceMs }: Facts): string | undefined {
  const ms = Math.round(ran.tookMs - stoppedMs);
  if (ms <= deadlineMs + allowanceMs) return undefined;
  return `it took ${ms} ms of its own time, with an allowance of ${Math.round(allowanceMs)} ms`;
}

/** Killed: all of the document may be out already, but never a part of it. */
function brokenByEnd(facts: Facts): readonly string[] {
  const ended = facts.isKilled ? [] : ['it died of a signal that no fault sent'];
  return facts.ran.stdout === '' ? ended : [...ended, ...brokenDocument(facts)];
}

function brokenBySuccess(facts: Facts): readonly string[] {
  const noise = facts.ran.stderr === '' ? [] : ['it wrote to stderr beside its document'];
  return [...noise, ...brokenDocument(facts)];
}

const documentedStatuses: readonly number[] = [1, 2, 3, 4, 5, 6, 7];
/** One line, and perhaps a hint (man page, `get`). */
const failureLines = /^rolekeeper: [^\n]+\n(rolekeeper: hint: [^\n]+\n)?$/;

function brokenByFailure(status: number, { ran, explained }: Facts): readonly string[] {
  const broken: string[] = [];
  if (ran.stdout !== '') broken.push('it failed and wrote to stdout');
  if (!failureLines.test(ran.stderr))
    broken.push(`stderr is not one line and a hint: ${JSON.stringify(ran.stderr.slice(0, 300))}`);
  if (!documentedStatuses.includes(status)) broken.push(`exit status ${status} is not documented`);
  else if (!explained.some((one) => one === status)) broken.push(`exit status ${status} has no cause: ${ran.stderr.trim()}`);
  return broken;
}

interface Document {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
  readonly expiration: string | undefined;
}

function brokenDocument(facts: Facts): readonly string[] {
  const document = parseDocument(facts.ran.stdout);
  if (document === undefined) return ['stdout is no whole document'];
  if (document.sessionToken === undefined) return brokenKeys(document, facts);
  const issued = facts.issued(document.accessKeyId);
  if (issued === undefined) return ['nobody issued its access key'];
  const isWhole = issued.secretAccessKey === document.secretAccessKey && issued.sessionToken === document.sessionToken;
  return [
    ...(isWhole ? [] : ['it mixes the credentials of two calls']),
    ...(isExpected(issued, facts.expected) ? [] : [`it is of ${issued.roleArn ?? 'a session'}, which the profile is not`]),
    ...brokenTime(document, issued, facts),
  ];
}

function brokenKeys(document: Document, { expected }: Facts): readonly string[] {
  const isExpectedKey = expected.some(
    (one) => one.kind === 'keys' && one.accessKeyId === document.accessKeyId && one.secretAccessKey === document.secretAccessKey,
  );
  return isExpectedKey ? [] : ['it has long-term keys that the profile does not give'];
}

function isExpected({ roleArn }: Issued, expected: readonly Expected[]): boolean {
  return expected.some((one) =>
    one.kind === 'role' ? one.roleArn === roleArn : one.kind === 'session' && roleArn === undefined,
  );
}

/** Printed seconds are whole. */
const toleratedMs = 3_000;

function brokenTime({ expiration }: Document, { expiresAt }: Issued, facts: Facts): readonly string[] {
  const broken: string[] = [];
  if (!facts.isTimeUnknowable && expiresAt <= facts.awsStartedAt) broken.push('it had ended when it was asked for');
  const lateMs = Date.parse(expiration ?? '') - expiresAt;
  // Too early costs a refresh: on a starved machine AWS's time is known no better than the reply was fast.
  if (facts.isClockRight && !(lateMs <= toleratedMs && lateMs >= -toleratedMs - facts.allowanceMs))
    broken.push(`its Expiration is ${expiration}, and ${new Date(expiresAt).toISOString()} is true`);
  return broken;
}

/** Undefined unless it is to the letter what sdk-contract.md asks for. */
function parseDocument(text: string): Document | undefined {
  const fields = fieldsOf(text);
  const { Version, AccessKeyId, SecretAccessKey, SessionToken, Expiration, AccountId } = fields;
  if (Version !== 1 || typeof AccessKeyId !== 'string' || typeof SecretAccessKey !== 'string') return undefined;
  if (![SessionToken, Expiration, AccountId].every((value) => value === undefined || typeof value === 'string')) return undefined;
  if ((SessionToken === undefined) !== (Expiration === undefined)) return undefined;
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: typeof SessionToken === 'string' ? SessionToken : undefined,
    expiration: typeof Expiration === 'string' ? Expiration : undefined,
  };
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
  } catch {
    return {}; // half of one, or two
  }
}
