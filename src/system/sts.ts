// AWS STS over the network: one deadline over all of a call, a clock that learns from every reply, MFA codes that are sent once, and
// credentials that are whole or refused.

import type { Credentials } from '../credentials/credentials.ts';
import { Secret } from '../credentials/secret.ts';
import type { RefusedRequest } from '../credentials/sts-refusal.ts';
import type { AssumeRoleRequest, Clock, MfaAnswer, Sts, StsCall } from '../ports.ts';
import { type IssuedReply, type SendOptions, sendAssumeRole, sendGetCallerIdentity, sendGetSessionToken } from './sts-client.ts';
import { isClockFailure, isForbidden, type Operation, toFailure } from './sts-failure.ts';
import { ReplyProblem } from './sts-http.ts';

export interface StsOptions {
  readonly clock: Clock;
  /** Over a whole call, its second try included. 10 s when absent. */
  readonly deadlineMs?: number;
}

/** The real STS. Opens nothing until it is called and keeps no connection between calls. */
export function createSts({ clock, deadlineMs = 10_000 }: StsOptions): Sts {
  const line: Line = { clock, deadlineMs, heard: { at: undefined } };
  return {
    getCallerIdentity: (call) =>
      converse('GetCallerIdentity', call, { line, request: {} }, (turn) => twiceAtMost(turn, sendGetCallerIdentity)),
    getSessionToken: (request, call) =>
      converse('GetSessionToken', call, { line, request: refusedRequest(request) }, async (turn) => {
        const reply = await oncePerCode(request.mfa, turn, (options) => sendGetSessionToken(request, options));
        return issuedBy(reply, turn, call.context?.callerArn);
      }),
    assumeRole: (request, call) =>
      converse('AssumeRole', call, { line, request: refusedRequest(request) }, async (turn) => {
        const reply = await oncePerCode(request.mfa, turn, (options) => sendAssumeRole(request, options));
        return issuedBy(reply, turn, reply.arn ?? request.roleArn);
      }),
  };
}

/** What the calls of one adapter share. */
interface Line {
  readonly clock: Clock;
  readonly deadlineMs: number;
  /** When a Date header last corrected the clock. */
  readonly heard: { at: number | undefined };
}

/** One call, with the signal that ends all its requests. */
interface Turn {
  readonly call: StsCall;
  readonly line: Line;
  readonly signal: AbortSignal;
  readonly heading: (endpoint: string) => void;
}

async function converse<T>(
  operation: Operation,
  call: StsCall,
  { line, request }: { readonly line: Line; readonly request: RefusedRequest },
  work: (turn: Turn) => Promise<T>,
): Promise<T> {
  const ending = new AbortController();
  const end = () => ending.abort();
  const timer = setTimeout(end, line.deadlineMs);
  call.signal?.addEventListener('abort', end, { once: true });
  if (call.signal?.aborted === true) end();
  let endpoint = call.endpoint.url ?? `STS in ${call.endpoint.region}`;
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

/** How long the clock is trusted before an MFA code is risked on it. */
const trustMs = 10 * 60_000;

/**
 * A code works once and must not be sent twice, so a clock that is off has to be found out before: GetCallerIdentity needs no permission,
 * shows wrong keys too, and costs a tenth of a second.
 */
async function oncePerCode<T>(mfa: MfaAnswer | undefined, turn: Turn, send: Send<T>): Promise<T> {
  if (mfa === undefined) return twiceAtMost(turn, send);
  const { clock, heard } = turn.line;
  if (heard.at === undefined || Math.abs(clock.now() - heard.at) > trustMs) await probe(turn);
  return send(sendOptions(turn));
}

async function probe(turn: Turn): Promise<void> {
  try {
    await twiceAtMost(turn, sendGetCallerIdentity);
  } catch (error) {
    // A VPC endpoint's policy may forbid this call and allow the next; any answer of STS has set the clock.
    if (!isForbidden(error)) throw error;
  }
}

type Send<T> = (options: SendOptions) => Promise<T>;

async function twiceAtMost<T>(turn: Turn, send: Send<T>): Promise<T> {
  try {
    return await send(sendOptions(turn));
  } catch (error) {
    if (!isClockFailure(error)) throw error;
    return send(sendOptions(turn));
  }
}

function sendOptions({ call, line: { clock, heard }, signal, heading }: Turn): SendOptions {
  const learn = (serverNow: number) => {
    clock.learn(serverNow);
    heard.at = clock.now();
  };
  return { call, signal, heading, learn, aheadMs: clock.now() - Date.now() };
}

/** All of it or nothing: half a set of credentials would fail later, at somebody who cannot know why. */
function issuedBy({ credentials }: IssuedReply, { line }: Turn, arn: string | undefined): Credentials {
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = credentials ?? {};
  if (!AccessKeyId || !SecretAccessKey || !SessionToken || Expiration === undefined) {
    throw new ReplyProblem('its reply holds no complete credentials');
  }
  const issuedAt = line.clock.now();
  const expiresAt = Expiration.getTime();
  if (!Number.isFinite(expiresAt)) throw new ReplyProblem('its credentials have no readable end');
  if (expiresAt <= issuedAt) throw new ReplyProblem('its credentials have ended already');
  const accountId = arn?.split(':')[4];
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: new Secret(SecretAccessKey),
    sessionToken: new Secret(SessionToken),
    issuedAt,
    expiresAt,
    ...(accountId !== undefined && /^\d{12}$/.test(accountId) ? { accountId } : {}),
  };
}

function refusedRequest(request: Partial<AssumeRoleRequest>): RefusedRequest {
  const { roleArn, durationSeconds, externalId, mfa, sourceIdentity, tags } = request;
  return {
    ...(roleArn === undefined ? {} : { roleArn }),
    ...(durationSeconds === undefined ? {} : { durationSeconds }),
    ...(externalId === undefined ? {} : { externalId }),
    ...(mfa === undefined ? {} : { mfaSerial: mfa.serial }),
    ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
    hasTags: tags !== undefined,
  };
}
