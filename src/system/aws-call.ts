// One call to AWS: a deadline over all of it, a clock that learns from every reply, and one of our errors for whatever goes wrong.

import type { RefusedRequest } from '../credentials/sts-refusal.ts';
import type { Clock } from '../ports/time.ts';
import type { AwsCall, SendOptions } from './aws-client-settings.ts';
import { isClockFailure, type Operation, toFailure } from './sts-failure.ts';

/** What the calls of one adapter share. */
export interface Line {
  readonly clock: Clock;
  readonly deadlineMs: number;
  /** When a Date header last corrected the clock. */
  readonly heard: { at: number | undefined };
}

/** One call, with the signal that ends all its requests. */
export interface Turn {
  readonly call: AwsCall;
  readonly line: Line;
  readonly signal: AbortSignal;
  readonly heading: (endpoint: string) => void;
}

/** Does the work and turns what it throws into one of our errors. */
export async function converse<T>(
  operation: Operation,
  call: AwsCall,
  { line, request, service = 'STS' }: { readonly line: Line; readonly request: RefusedRequest; readonly service?: 'STS' | 'IAM' },
  work: (turn: Turn) => Promise<T>,
): Promise<T> {
  const ending = new AbortController();
  const end = () => ending.abort();
  const timer = setTimeout(end, line.deadlineMs);
  call.signal?.addEventListener('abort', end, { once: true });
  if (call.signal?.aborted === true) end();
  let endpoint = call.endpoint.url ?? `${service} in ${call.endpoint.region}`;
  const heading = (to: string) => {
    endpoint = to;
  };
  try {
    return await work({ call, line, signal: ending.signal, heading });
  } catch (error) {
    const seconds = line.deadlineMs / 1000;
    throw toFailure(error, { operation, call, request, endpoint, hasEnded: ending.signal.aborted, seconds });
  } finally {
    clearTimeout(timer);
    call.signal?.removeEventListener('abort', end);
  }
}

export type Send<T> = (options: SendOptions) => Promise<T>;

/** Once more when AWS says that the clock is off, which has been set by then. */
export async function twiceAtMost<T>(turn: Turn, send: Send<T>): Promise<T> {
  try {
    return await send(sendOptions(turn));
  } catch (error) {
    if (!isClockFailure(error)) throw error;
    return send(sendOptions(turn));
  }
}

/** A Date header has whole seconds. */
const resolutionMs = 999;

export function sendOptions({ call, line: { clock, heard }, signal, heading }: Turn): SendOptions {
  const sentAt = clock.now();
  const learn = (serverNow: number) => {
    // AWS wrote it after we asked and before we read it, which a sleep or a starved machine can put hours apart: a clock that is not proved
    // wrong stays, and else errs towards "later". Taken for the present, the Date of the evening would revive what ended in the night.
    const now = clock.now();
    const latest = serverNow + resolutionMs + Math.max(0, now - sentAt);
    clock.learn(Math.min(Math.max(now, serverNow), latest));
    heard.at = clock.now();
  };
  return { call, signal, heading, learn, aheadMs: clock.now() - Date.now() };
}
