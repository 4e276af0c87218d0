// AWS IAM Roles Anywhere over the network: one deadline over all of a call, a clock that learns from every reply, and credentials that are
// whole or refused. Its SDK client has no CreateSession: the request is signed in credentials/x509-signature.ts.

import { partition } from '@aws-sdk/core/client';
import { HttpRequest } from '@smithy/core/transport';
import type { Credentials, EpochMs } from '../credentials/credentials.ts';
import { explainSessionRefusal, type SessionRefusal } from '../credentials/roles-anywhere-refusal.ts';
import { parseRefusal, parseSessionReply } from '../credentials/roles-anywhere-reply.ts';
import { authorizationOf, certificateHeaders } from '../credentials/x509-signature.ts';
import type { CreateSessionCall, CreateSessionRequest, RolesAnywhere } from '../ports/roles-anywhere.ts';
import type { StsEndpoint } from '../ports/sts.ts';
import type { Clock } from '../ports/time.ts';
import { learner, withinDeadline } from './aws-call.ts';
import { credentialsOf, unlessSleptThrough } from './reply-credentials.ts';
import { type AwsRefusal, failureOf, RefusedReply } from './sts-failure.ts';
import { StsHttpHandler } from './sts-http.ts';

export interface RolesAnywhereOptions {
  readonly clock: Clock;
  /** Over a whole call, its second try included. 10 s when absent. */
  readonly deadlineMs?: number;
}

/** Opens nothing until it is called and keeps no connection between calls. */
export function createRolesAnywhere({ clock, deadlineMs = 10_000 }: RolesAnywhereOptions): RolesAnywhere {
  return {
    createSession: (request, call) =>
      withinDeadline(
        { deadlineMs, signal: call.signal, endpoint: call.endpoint.url ?? `IAM Roles Anywhere in ${call.endpoint.region}` },
        (exchange) => unlessSleptThrough(() => onceMoreByRightClock(request, { call, clock, ...exchange })),
        // The private key is in no request.
        (error, ended) =>
          failureOf(error, { operation: 'CreateSession', sent: [], signal: call.signal, ...ended }, (refusal) =>
            explainSessionRefusal({ ...refusal, ...refusalScene(request, call, clock) }),
          ),
      ),
  };
}

interface Turn {
  readonly call: CreateSessionCall;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly heading: (endpoint: string) => void;
}

/** A few seconds more or less are the network's. */
const clearlyOffMs = 60_000;

/** Once more where the reply to a refused request shows that the clock was off: it has been set by then. */
async function onceMoreByRightClock(request: CreateSessionRequest, turn: Turn): Promise<Credentials> {
  const before = turn.clock.now();
  const startedAt = performance.now();
  const first = await send(request, turn);
  const correctedMs = turn.clock.now() - before - (performance.now() - startedAt);
  const isWorthwhile = first.isRefused && Math.abs(correctedMs) > clearlyOffMs;
  return credentialsIn(isWorthwhile ? await send(request, turn) : first, turn.clock);
}

interface Reply {
  readonly isRefused: boolean;
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

async function send(request: CreateSessionRequest, { call, clock, signal, heading }: Turn): Promise<Reply> {
  const exchange = { network: call.network, signal, learn: learner(clock), heading };
  const handler = new StsHttpHandler({ ...exchange, service: 'IAM Roles Anywhere', language: 'json' });
  const { response } = await handler.handle(signedRequest(request, call, clock.now()));
  const { statusCode: status, headers } = response;
  const body: unknown = response.body;
  const text = body instanceof Uint8Array ? Buffer.from(body).toString('utf8') : '';
  return { isRefused: status < 200 || status >= 300, status, text, headers };
}

/** The ARNs stand in the query, as aws_signing_helper has them; its published requests check ours (test/credentials/x509-signature.test.ts). */
function signedRequest(request: CreateSessionRequest, { identity, endpoint }: CreateSessionCall, at: EpochMs): HttpRequest {
  const { trustAnchorArn, profileArn, roleArn, durationSeconds, roleSessionName } = request;
  const url = new URL(endpoint.url ?? `https://${hostOf(endpoint)}`);
  const unsigned = {
    path: `${url.pathname.replace(/\/$/, '')}/sessions`,
    query: { profileArn, roleArn, trustAnchorArn },
    headers: { 'content-type': 'application/json', host: url.host, ...certificateHeaders(identity, at) },
    body: JSON.stringify({ durationSeconds, roleSessionName }),
  };
  const authorization = authorizationOf(unsigned, identity, { region: endpoint.region, at });
  return new HttpRequest({
    method: 'POST',
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    ...unsigned,
    headers: { ...unsigned.headers, authorization, 'user-agent': 'rolekeeper' },
  });
}

/** AWS General Reference, "AWS Identity and Access Management Roles Anywhere endpoints and quotas". */
function hostOf({ region, useFips, useDualstack }: StsEndpoint): string {
  const { dnsSuffix, dualStackDnsSuffix } = partition(region);
  return `rolesanywhere${useFips ? '-fips' : ''}.${region}.${useDualstack ? dualStackDnsSuffix : dnsSuffix}`;
}

function credentialsIn({ isRefused, status, text, headers }: Reply, clock: Clock): Credentials {
  if (isRefused) throw new RefusedReply({ ...parseRefusal(text, headers), httpStatus: status });
  return credentialsOf(parseSessionReply(text, clock.now()));
}

function refusalScene(
  request: CreateSessionRequest,
  { identity, context }: CreateSessionCall,
  clock: Clock,
): Omit<SessionRefusal, keyof AwsRefusal> {
  const { path, certificate, intermediates } = identity;
  const profile = context?.profile ?? 'PROFILE';
  return { ...request, profile, path, certificate, hasIntermediates: intermediates.length > 0, now: clock.now() };
}
