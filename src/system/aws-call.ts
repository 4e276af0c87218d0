// One call to AWS: a deadline over all of it, a clock that learns from every reply, and one of our errors for whatever goes wrong.

import type { Secret } from '../credentials/secret.ts';
import type { RefusedRequest } from '../credentials/sts-refused-call.ts';
import type { AppError } from '../errors.ts';
import type { Clock } from '../ports/time.ts';
import type { AwsCall, SendOptions } from './aws-client-settings.ts';
import { countdown, tickMs } from './own-time.ts';
import { isSleptThrough } from './reply-credentials.ts';
import { type FailedCall, isClockFailure, type Operation, toFailure } from './sts-failure.ts';

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

export interface Asked {
  readonly line: Line;
  readonly request: RefusedRequest;
  /** Secrets in the request; those of the caller go without saying. */
  readonly sent?: readonly Secret[];
  readonly service?: 'STS' | 'IAM';
}

/** Does the work and turns what it throws into one of our errors. */
export function converse<T>(
  operation: Operation,
  call: AwsCall,
  { line, request, sent = [], service = 'STS' }: Asked,
  work: (turn: Turn) => Promise<T>,
): Promise<T> {
  const talk = {
    deadlineMs: line.deadlineMs,
    signal: call.signal,
    endpoint: call.endpoint.url ?? `${service} in ${call.endpoint.region}`,
  };
  return withinDeadline(
    talk,
    (exchange) => work({ call, line, ...exchange }),
    (error, ended) => toFailure(error, { operation, call, request, sent, ...ended }),
  );
}

export interface Talk {
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
  /** For messages, until the request has told better. */
  readonly endpoint: string;
}

export type Ended = Pick<FailedCall, 'endpoint' | 'hasEnded' | 'seconds'>;

/** Ends the work at the deadline, counted in this process's own time, or with the caller's signal; `fail` puts what it threw into words. */
export async function withinDeadline<T>(
  { deadlineMs, signal, endpoint }: Talk,
  work: (exchange: Pick<Turn, 'signal' | 'heading'>) => Promise<T>,
  fail: (error: unknown, ended: Ended) => AppError,
): Promise<T> {
  const ending = new AbortController();
  const end = () => ending.abort();
  const left = countdown(deadlineMs);
  const timer = setInterval(() => left() <= 0 && end(), Math.min(deadlineMs, tickMs));
  signal?.addEventListener('abort', end, { once: true });
  if (signal?.aborted === true) end();
  let reached = endpoint;
  const heading = (to: string) => {
    reached = to;
  };
  try {
    return await work({ signal: ending.signal, heading });
  } catch (error) {
    throw fail(error, { endpoint: reached, hasEnded: ending.signal.aborted, seconds: deadlineMs / 1000 });
  } finally {
    clearInterval(timer);
    signal?.removeEventListener('abort', end);
  }
}

export type Send<T> = (options: SendOptions) => Promise<T>;

/** Once more when AWS says that the clock is off, which has been set by then, and when its reply was slept through. */
export async function twiceAtMost<T>(turn: Turn, send: Send<T>): Promise<T> {
  try {
    return await send(sendOptions(turn));
  } catch (error) {
    if (!isClockFailure(error) && !isSleptThrough(error)) throw error;
    return send(sendOptions(turn));
  }
}

/** A Date header has whole seconds. */
const resolutionMs = 999;

export function sendOptions({ call, line: { clock, heard }, signal, heading }: Turn): SendOptions {
  const teach = learner(clock);
  const learn = (serverNow: number) => {
    teach(serverNow);
    heard.at = clock.now();
  };
  return { call, signal, heading, learn, aheadMs: clock.now() - Date.now() };
}

/** Made when a request leaves, and told the Date of its reply. */
export function learner(clock: Pick<Clock, 'now' | 'learn'>): (serverNow: number) => void {
  const sentAt = clock.now();
  return (serverNow) => {
    // AWS wrote it after we asked and before we read it, which a sleep or a starved machine can put hours apart: a clock that is not proved
    // wrong stays, and else errs towards "later". Taken for the present, the Date of the evening would revive what ended in the night.
    const now = clock.now();
    const latest = serverNow + resolutionMs + Math.max(0, now - sentAt);
    clock.learn(Math.min(Math.max(now, serverNow), latest));
  };
}
