// The agent's wire, version 1 (rolekeeper-agent(7)): one request, one answer, both with a length. Pure.
// The native front speaks it too (src/front/front.c); change both together.

import { answerVariables } from '../config/answer-variables.ts';

/** `get` and `prompt` are what callers ask; the others are for our own commands. With `unlock` the argument is a secret. */
export interface AgentRequest {
  readonly verb: string;
  readonly argument: string;
  /** When the caller stops waiting, on the local wall clock. */
  readonly deadlineMs: number;
  /** The caller's working directory, for relative paths in its environment. */
  readonly cwd: string;
  /** What changes the answer, of the caller's environment. */
  readonly env: Readonly<Record<string, string>>;
}

export type AgentAnswer =
  /** Status 0: `bytes` are for stdout; else for stderr. */
  | { readonly kind: 'exit'; readonly status: number; readonly bytes: Buffer }
  /** The agent cannot answer for this caller, who goes its own way. */
  | { readonly kind: 'pass'; readonly reason: PassReason };

export type PassReason = 'not-mine' | 'config' | 'version' | 'verb' | 'malformed';

export const protocolVersion = 1;
/** The largest body of a request. */
export const maxRequestBytes = 262_144;
/** The largest document or message. */
export const maxAnswerBytes = 65_536;
/** The longest first line of either side, its newline included. */
export const maxLineBytes = 64;
/** Sent at once when a request was taken, so that a caller soon knows whether anybody is there. */
export const acknowledgement = Buffer.from('!');

/** Sent along where every user may connect to the agent (Windows). */
export const tokenVariable = 'ROLEKEEPER_PIPE_TOKEN';

/** Who started the front, as it says: for the audit trail. No part of what an answer depends on. */
export const callerVariable = 'ROLEKEEPER_CALLER_PID';
/** In place of a number: whoever asks writes into the trail itself, and knows its caller. */
export const notesItself = 'self';

/** Of a caller's environment, what is sent along; besides every name that begins with ROLEKEEPER_. */
export const sentVariables: readonly string[] = [
  'HOME',
  'XDG_STATE_HOME',
  'XDG_RUNTIME_DIR',
  'DBUS_SESSION_BUS_ADDRESS',
  ...answerVariables,
];

export function variablesToSend(
  env: Readonly<Record<string, string | undefined>>,
  token?: string | undefined,
): Readonly<Record<string, string>> {
  const isSent = (name: string) => sentVariables.includes(name) || name.startsWith('ROLEKEEPER_');
  const all = Object.entries({ ...env, [tokenVariable]: token });
  return Object.fromEntries(all.flatMap(([name, value]) => (value !== undefined && isSent(name) ? [[name, value]] : [])));
}

/** Undefined when it cannot be said within the limits. The bytes are the caller's to wipe. */
export function encodeRequest({ verb, argument, deadlineMs, cwd, env }: AgentRequest): Buffer | undefined {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const body = Buffer.from(
    [verb, argument, String(Math.round(deadlineMs)), cwd, ...variables].map((field) => `${field}\0`).join(''),
  );
  if (body.length > maxRequestBytes) return undefined;
  const bytes = Buffer.concat([Buffer.from(`rolekeeper ${protocolVersion} ${body.length}\n`), body]);
  body.fill(0);
  return bytes;
}

export function encodeAnswer(answer: AgentAnswer): Buffer {
  if (answer.kind === 'pass') return Buffer.from(`rolekeeper ${protocolVersion} pass ${answer.reason}\n`);
  const { status, bytes } = answer;
  return Buffer.concat([Buffer.from(`rolekeeper ${protocolVersion} exit ${status} ${bytes.length}\n`), bytes]);
}

export type RequestProgress =
  /** Nothing new can be said before there are so many bytes. */
  | { readonly kind: 'more'; readonly needsBytes: number }
  | { readonly kind: 'request'; readonly request: AgentRequest }
  | { readonly kind: 'refused'; readonly reason: Extract<PassReason, 'version' | 'malformed'> };

/** What the bytes received so far are. Bytes past the end of a request are malformed. */
export function readRequest(received: Buffer): RequestProgress {
  const lineEnd = received.subarray(0, maxLineBytes).indexOf(newline);
  if (lineEnd < 0) return received.length < maxLineBytes ? { kind: 'more', needsBytes: received.length + 1 } : malformed;
  const line = /^rolekeeper (\d{1,5}) (\d{1,7})$/.exec(received.toString('latin1', 0, lineEnd));
  if (line === null) return malformed;
  if (Number(line[1]) !== protocolVersion) return { kind: 'refused', reason: 'version' };
  const length = Number(line[2]);
  const end = lineEnd + 1 + length;
  if (length > maxRequestBytes || received.length > end) return malformed;
  if (received.length < end) return { kind: 'more', needsBytes: end };
  const request = parseBody(received.subarray(lineEnd + 1, end));
  return request === undefined ? malformed : { kind: 'request', request };
}

export type AnswerProgress =
  | { readonly kind: 'more' }
  | { readonly kind: 'answer'; readonly answer: AgentAnswer }
  /** No further byte can make it an answer of this version. */
  | { readonly kind: 'broken' };

/** What the bytes received so far are, the acknowledgement included. Numbers only as they are usually written. */
export function readAnswer(received: Buffer): AnswerProgress {
  const lineStart = acknowledgement.length;
  if (received.length === 0) return { kind: 'more' };
  if (received[0] !== acknowledgement[0]) return broken;
  const lineEnd = received.subarray(0, lineStart + maxLineBytes).indexOf(newline);
  if (lineEnd < 0) return received.length < lineStart + maxLineBytes ? { kind: 'more' } : broken;
  const line = received.toString('latin1', lineStart, lineEnd);
  const bytes = received.subarray(lineEnd + 1);
  const reason = /^rolekeeper 1 pass ([a-z-]+)$/.exec(line)?.[1];
  if (reason !== undefined) return isPassReason(reason) && bytes.length === 0 ? answered({ kind: 'pass', reason }) : broken;
  const exit = /^rolekeeper 1 exit (0|[1-9]\d{0,2}) (0|[1-9]\d{0,4})$/.exec(line);
  if (exit === null) return broken;
  const [status, length] = [Number(exit[1]), Number(exit[2])];
  if (status > 255 || length > maxAnswerBytes || bytes.length > length) return broken;
  return bytes.length === length ? answered({ kind: 'exit', status, bytes }) : { kind: 'more' };
}

const broken = { kind: 'broken' } as const;

function answered(answer: AgentAnswer): AnswerProgress {
  return { kind: 'answer', answer };
}

const newline = 0x0a;
const malformed = { kind: 'refused', reason: 'malformed' } as const;

function parseBody(body: Buffer): AgentRequest | undefined {
  const text = body.toString('utf8');
  if (!text.endsWith('\0')) return undefined;
  const [verb = '', argument = '', deadline = '', cwd, ...variables] = text.slice(0, -1).split('\0');
  if (cwd === undefined || !/^\d{1,15}$/.test(deadline)) return undefined;
  const env = variables.map((field) => splitOnce(field)).filter((pair) => pair !== undefined);
  if (env.length !== variables.length) return undefined;
  // Of a name that is there twice a process takes the first as well (getenv(3)).
  const first = new Map<string, string>();
  for (const [name, value] of env) if (!first.has(name)) first.set(name, value);
  return { verb, argument, deadlineMs: Number(deadline), cwd, env: Object.fromEntries(first) };
}

function splitOnce(field: string): readonly [string, string] | undefined {
  const at = field.indexOf('=');
  return at > 0 ? [field.slice(0, at), field.slice(at + 1)] : undefined;
}

const passReasons: readonly PassReason[] = ['not-mine', 'config', 'version', 'verb', 'malformed'];

function isPassReason(text: string): text is PassReason {
  return passReasons.some((reason) => reason === text);
}
