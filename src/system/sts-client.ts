// The three requests, as the AWS SDK makes them. The only importer of @aws-sdk/client-sts, and of that only what signs and speaks the
// protocol: every setting is given explicitly, so that the SDK reads no file of the user, no environment and no instance metadata.

import process from 'node:process';
import {
  AssumeRoleCommand,
  type Credentials as AwsCredentials,
  GetCallerIdentityCommand,
  GetSessionTokenCommand,
  STSClient,
} from '@aws-sdk/client-sts';
import type { AssumeRoleRequest, CallerIdentity, GetSessionTokenRequest, MfaAnswer, StsCall, StsEndpoint } from '../ports.ts';
import { type Exchange, ReplyProblem, StsHttpHandler } from './sts-http.ts';

export interface SendOptions extends Omit<Exchange, 'network'> {
  readonly call: StsCall;
  /** What AWS's time has over this computer's; the SDK signs with the latter. */
  readonly aheadMs: number;
}

/** What STS issued, as it came: nothing about it has been checked. */
export interface IssuedReply {
  readonly credentials: AwsCredentials | undefined;
  /** Of the role's session. */
  readonly arn?: string;
}

/** Throws what the SDK and the handler throw; `toFailure` turns it into words. */
export async function sendGetCallerIdentity(options: SendOptions): Promise<CallerIdentity> {
  const { Arn, Account } = await withClient(options, (client) => client.send(new GetCallerIdentityCommand()));
  if (!Arn || !Account) throw new ReplyProblem('its reply names no caller');
  return { arn: Arn, accountId: Account };
}

/** Throws like `sendGetCallerIdentity`. */
export async function sendGetSessionToken(request: GetSessionTokenRequest, options: SendOptions): Promise<IssuedReply> {
  const command = new GetSessionTokenCommand({ DurationSeconds: request.durationSeconds, ...mfaFields(request.mfa) });
  const { Credentials } = await withClient(options, (client) => client.send(command));
  return { credentials: Credentials };
}

/** Throws like `sendGetCallerIdentity`. */
export async function sendAssumeRole(request: AssumeRoleRequest, options: SendOptions): Promise<IssuedReply> {
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
  const { Credentials, AssumedRoleUser } = await withClient(options, (client) => client.send(command));
  return { credentials: Credentials, ...(AssumedRoleUser?.Arn === undefined ? {} : { arn: AssumedRoleUser.Arn }) };
}

function mfaFields(mfa: MfaAnswer | undefined): { readonly SerialNumber?: string; readonly TokenCode?: string } {
  return mfa === undefined ? {} : { SerialNumber: mfa.serial, TokenCode: mfa.code };
}

async function withClient<T>(options: SendOptions, send: (client: STSClient) => Promise<T>): Promise<T> {
  const client = openClient(options);
  try {
    return await send(client);
  } finally {
    client.destroy();
  }
}

function openClient({ call, aheadMs, ...exchange }: SendOptions): STSClient {
  const { caller, endpoint, network } = call;
  const settings = {
    ...endpointFields(endpoint),
    ...nothingFromOutside,
    credentials: {
      accessKeyId: caller.accessKeyId,
      secretAccessKey: caller.secretAccessKey.reveal(),
      ...(caller.sessionToken === undefined ? {} : { sessionToken: caller.sessionToken.reveal() }),
    },
    requestHandler: new StsHttpHandler({ network, ...exchange }),
    maxAttempts: 1,
    systemClockOffset: aheadMs,
    logger: silence,
  };
  const client = withoutNodeWarning(() => new STSClient(settings));
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
  retryMode: 'standard',
  authSchemePreference: [],
  // False is the default, but the file is asked first.
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
