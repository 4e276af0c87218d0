// AWS STS over the network. The only importer of @aws-sdk/client-sts, and only of what signs and speaks its protocol: every setting is
// given explicitly, so that the SDK reads no environment, no file of the user and no instance metadata.

import process from 'node:process';
import {
  type AssumedRoleUser,
  AssumeRoleCommand,
  type Credentials as AwsCredentials,
  GetCallerIdentityCommand,
  GetSessionTokenCommand,
  STSClient,
} from '@aws-sdk/client-sts';
import type { Credentials } from '../credentials/credentials.ts';
import { Secret } from '../credentials/secret.ts';
import type { RefusedRequest } from '../credentials/sts-refusal.ts';
import type {
  AssumeRoleRequest,
  CallerIdentity,
  Clock,
  GetSessionTokenRequest,
  MfaAnswer,
  Sts,
  StsCall,
  StsEndpoint,
} from '../ports.ts';
import { isClockFailure, type Operation, toFailure } from './sts-failure.ts';
import { ReplyProblem, StsHttpHandler } from './sts-http.ts';

export interface StsOptions {
  readonly clock: Clock;
  /** Over a whole call, its second try included. 10 s when absent. */
  readonly deadlineMs?: number;
}

/** The real STS. Opens nothing until it is called and keeps no connection between calls. */
export function createSts({ clock, deadlineMs = 10_000 }: StsOptions): Sts {
  const line: Line = { clock, deadlineMs, heard: { at: undefined } };
  return {
    getCallerIdentity: (call) => converse('GetCallerIdentity', call, { line, request: {} }, identityOf),
    getSessionToken: (request, call) =>
      converse('GetSessionToken', call, { line, request: refusedRequest(request) }, (turn) => sessionOf(request, turn)),
    assumeRole: (request, call) =>
      converse('AssumeRole', call, { line, request: refusedRequest(request) }, (turn) => roleOf(request, turn)),
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
  const timer = setTimeout(() => ending.abort(), line.deadlineMs);
  const onAbort = () => ending.abort();
  call.signal?.addEventListener('abort', onAbort, { once: true });
  let endpoint = call.endpoint.url ?? `sts.${call.endpoint.region}`;
  const heading = (to: string) => {
    endpoint = to;
  };
  try {
    if (call.signal?.aborted === true) ending.abort();
    return await work({ call, line, signal: ending.signal, heading });
  } catch (error) {
    throw toFailure(error, {
      operation,
      call,
      request,
      endpoint,
      hasEnded: ending.signal.aborted,
      seconds: line.deadlineMs / 1000,
    });
  } finally {
    clearTimeout(timer);
    call.signal?.removeEventListener('abort', onAbort);
  }
}

async function identityOf(turn: Turn): Promise<CallerIdentity> {
  const { Arn, Account } = await twiceAtMost(turn, (client) => client.send(new GetCallerIdentityCommand()));
  if (Arn === undefined || Account === undefined) throw new ReplyProblem('its reply names no caller');
  return { arn: Arn, accountId: Account };
}

async function sessionOf({ durationSeconds, mfa }: GetSessionTokenRequest, turn: Turn): Promise<Credentials> {
  const command = new GetSessionTokenCommand({ DurationSeconds: durationSeconds, ...mfaFields(mfa) });
  const reply = await oncePerCode(mfa, turn, (client) => client.send(command));
  return credentialsOf(reply.Credentials, turn, accountOf(turn.call.context?.callerArn));
}

async function roleOf(request: AssumeRoleRequest, turn: Turn): Promise<Credentials> {
  const command = new AssumeRoleCommand({
    RoleArn: request.roleArn,
    RoleSessionName: request.roleSessionName,
    DurationSeconds: request.durationSeconds,
    ExternalId: request.externalId,
    SourceIdentity: request.sourceIdentity,
    Policy: request.policy,
    PolicyArns: request.policyArns?.map((arn) => ({ arn })),
    Tags: request.tags === undefined ? undefined : Object.entries(request.tags).map(([Key, Value]) => ({ Key, Value })),
    TransitiveTagKeys: request.transitiveTagKeys === undefined ? undefined : [...request.transitiveTagKeys],
    ...mfaFields(request.mfa),
  });
  const reply = await oncePerCode(request.mfa, turn, (client) => client.send(command));
  return credentialsOf(reply.Credentials, turn, accountOfRole(reply.AssumedRoleUser, request.roleArn));
}

function mfaFields(mfa: MfaAnswer | undefined): { readonly SerialNumber?: string; readonly TokenCode?: string } {
  return mfa === undefined ? {} : { SerialNumber: mfa.serial, TokenCode: mfa.code };
}

/** How long the clock is trusted before an MFA code is risked on it. */
const trustMs = 10 * 60_000;

/**
 * A code works once and must not be sent twice, so a clock that is off has to be found out before: GetCallerIdentity needs no permission,
 * shows wrong keys too, and costs a tenth of a second.
 */
async function oncePerCode<T>(mfa: MfaAnswer | undefined, turn: Turn, send: (client: STSClient) => Promise<T>): Promise<T> {
  if (mfa === undefined) return twiceAtMost(turn, send);
  const { clock, heard } = turn.line;
  if (heard.at === undefined || Math.abs(clock.now() - heard.at) > trustMs) await probe(turn);
  return withClient(turn, send);
}

async function probe(turn: Turn): Promise<void> {
  try {
    await twiceAtMost(turn, (client) => client.send(new GetCallerIdentityCommand()));
  } catch (error) {
    // A VPC endpoint's policy may forbid this call and allow the next; any answer of STS has set the clock.
    if (!isForbidden(error)) throw error;
  }
}

function isForbidden(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AccessDenied' || error.name === 'AccessDeniedException');
}

async function twiceAtMost<T>(turn: Turn, send: (client: STSClient) => Promise<T>): Promise<T> {
  try {
    return await withClient(turn, send);
  } catch (error) {
    if (!isClockFailure(error)) throw error;
    return withClient(turn, send);
  }
}

async function withClient<T>(turn: Turn, send: (client: STSClient) => Promise<T>): Promise<T> {
  const client = openClient(turn);
  try {
    return await send(client);
  } finally {
    client.destroy();
  }
}

function openClient({ call, line, signal, heading }: Turn): STSClient {
  const { caller, endpoint, network } = call;
  const { clock, heard } = line;
  const learn = (serverNow: number) => {
    clock.learn(serverNow);
    heard.at = clock.now();
  };
  const client = withoutNodeWarning(
    () =>
      new STSClient({
        ...endpointFields(endpoint),
        credentials: {
          accessKeyId: caller.accessKeyId,
          secretAccessKey: caller.secretAccessKey.reveal(),
          ...(caller.sessionToken === undefined ? {} : { sessionToken: caller.sessionToken.reveal() }),
        },
        requestHandler: new StsHttpHandler({ network, signal, learn, heading }),
        maxAttempts: 1,
        retryMode: 'standard',
        // The SDK signs with its own clock plus this.
        systemClockOffset: clock.now() - Date.now(),
        logger: silence,
        ...nothingFromOutside,
      }),
  );
  // It would read AWS Lambda's environment variables.
  client.middlewareStack.remove('recursionDetectionMiddleware');
  return client;
}

function endpointFields({ region, url, useFips, useDualstack, useGlobal }: StsEndpoint) {
  return {
    region,
    ...(url === undefined ? {} : { endpoint: url }),
    useFipsEndpoint: useFips,
    useDualstackEndpoint: useDualstack,
    useGlobalEndpoint: useGlobal,
  };
}

// Each of these would otherwise be looked up in the environment or in ~/.aws/config.
const nothingFromOutside = {
  ignoreConfiguredEndpointUrls: true,
  defaultsMode: 'standard' as const,
  authSchemePreference: [],
  // False is the default, but it is looked for in ~/.aws/config first.
  disableClockSkewCorrection: false,
  sigv4aSigningRegionSet: [],
  userAgentAppId: async () => undefined,
  // What CloudTrail shows.
  defaultUserAgentProvider: async (): Promise<[string][]> => [['rolekeeper']],
  profile: 'rolekeeper-reads-no-profile',
};

const silence = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {
  // The SDK has nothing to say that would not come as an error.
}

/**
 * Under Node 20 the SDK's constructor writes a warning to stderr, which belongs to our caller. It looks at this variable at that moment
 * and nowhere else (@aws-sdk/core, emitWarningIfUnsupportedVersion).
 */
function withoutNodeWarning<T>(construct: () => T): T {
  const name = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';
  const before = process.env[name];
  process.env[name] = 'true';
  try {
    return construct();
  } finally {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  }
}

/** All of it or nothing: half a set of credentials would fail later, at somebody who cannot know why. */
function credentialsOf(reply: AwsCredentials | undefined, { line }: Turn, accountId: string | undefined): Credentials {
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = reply ?? {};
  if (!AccessKeyId || !SecretAccessKey || !SessionToken || Expiration === undefined) {
    throw new ReplyProblem('its reply holds no complete credentials');
  }
  const issuedAt = line.clock.now();
  const expiresAt = Expiration.getTime();
  if (!Number.isFinite(expiresAt)) throw new ReplyProblem('its credentials have no readable end');
  if (expiresAt <= issuedAt) throw new ReplyProblem('its credentials have ended already');
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: new Secret(SecretAccessKey),
    sessionToken: new Secret(SessionToken),
    issuedAt,
    expiresAt,
    ...(accountId === undefined ? {} : { accountId }),
  };
}

function accountOfRole(user: AssumedRoleUser | undefined, roleArn: string): string | undefined {
  return accountOf(user?.Arn) ?? accountOf(roleArn);
}

function accountOf(arn: string | undefined): string | undefined {
  const account = arn?.split(':')[4];
  return account !== undefined && /^\d{12}$/.test(account) ? account : undefined;
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
