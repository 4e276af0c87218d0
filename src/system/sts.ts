// AWS STS over the network: one deadline over all of a call, a clock that learns from every reply, MFA codes that are sent once, and
// credentials that are whole or refused.

import type { Credentials } from '../credentials/credentials.ts';
import { readIssued } from '../credentials/issued.ts';
import { Secret } from '../credentials/secret.ts';
import type { RefusedRequest } from '../credentials/sts-refused-call.ts';
import type { AssumeRoleRequest, MfaAnswer, Sts } from '../ports/sts.ts';
import type { Clock } from '../ports/time.ts';
import { converse, type Line, type Send, sendOptions, type Turn, twiceAtMost } from './aws-call.ts';
import { credentialsOf } from './reply-credentials.ts';
import {
  type IssuedReply,
  sendAssumeRole,
  sendGetCallerIdentity,
  sendGetSessionToken,
  sendSaml,
  sendWebIdentity,
} from './sts-client.ts';
import { isForbidden } from './sts-failure.ts';

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
      converse('GetSessionToken', call, { line, request: refusedRequest(request), sent: codeIn(request) }, async (turn) => {
        const reply = await oncePerCode(request.mfa, turn, (options) => sendGetSessionToken(request, options));
        return issuedBy(reply, turn, call.context?.callerArn);
      }),
    assumeRole: (request, call) =>
      converse('AssumeRole', call, { line, request: refusedRequest(request), sent: codeIn(request) }, (turn) =>
        oncePerCode(request.mfa, turn, async (options) => {
          const reply = await sendAssumeRole(request, options);
          return issuedBy(reply, turn, reply.arn ?? request.roleArn);
        }),
      ),
    // Neither of these is signed, so a clock that is off does not matter.
    assumeRoleWithWebIdentity: (request, call) =>
      converse(
        'AssumeRoleWithWebIdentity',
        call,
        { line, request: refusedRequest(request), sent: [request.token] },
        async (turn) => {
          const reply = await sendWebIdentity(request, sendOptions(turn));
          return issuedBy(reply, turn, reply.arn ?? request.roleArn);
        },
      ),
    assumeRoleWithSaml: (request, call) =>
      converse(
        'AssumeRoleWithSAML',
        call,
        { line, request: refusedRequest(request), sent: [request.assertion] },
        async (turn) => {
          const reply = await sendSaml(request, sendOptions(turn));
          return issuedBy(reply, turn, reply.arn ?? request.roleArn);
        },
      ),
  };
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

function issuedBy({ credentials }: IssuedReply, { line }: Turn, arn: string | undefined): Credentials {
  const came = {
    accessKeyId: credentials?.AccessKeyId,
    secretAccessKey: credentials?.SecretAccessKey,
    sessionToken: credentials?.SessionToken,
    expiresAt: credentials?.Expiration?.getTime(),
    accountId: arn?.split(':')[4],
  };
  return credentialsOf(readIssued(came, line.clock.now()));
}

function codeIn({ mfa }: Pick<AssumeRoleRequest, 'mfa'>): readonly Secret[] {
  return mfa === undefined ? [] : [new Secret(mfa.code)];
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
