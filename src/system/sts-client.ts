// The requests, as the AWS SDK makes them. The only importer of @aws-sdk/client-sts, and of that only what signs and speaks the
// protocol, with the settings of aws-client-settings.ts.

import {
  AssumeRoleCommand,
  type AssumeRoleResponse,
  AssumeRoleWithSAMLCommand,
  AssumeRoleWithWebIdentityCommand,
  type Credentials as AwsCredentials,
  GetCallerIdentityCommand,
  GetSessionTokenCommand,
  STSClient,
} from '@aws-sdk/client-sts';
import type {
  AssumeRoleRequest,
  CallerIdentity,
  GetSessionTokenRequest,
  MfaAnswer,
  SamlRequest,
  WebIdentityRequest,
} from '../ports/sts.ts';
import { clientSettings, type SendOptions, withoutNodeWarning } from './aws-client-settings.ts';
import { ReplyProblem } from './sts-http.ts';

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
    PolicyArns: policyArns(request),
    Tags: request.tags === undefined ? undefined : Object.entries(request.tags).map(([Key, Value]) => ({ Key, Value })),
    TransitiveTagKeys: request.transitiveTagKeys === undefined ? undefined : [...request.transitiveTagKeys],
    ...mfaFields(request.mfa),
  });
  return ofRole(await withClient(options, (client) => client.send(command)));
}

/** Throws like `sendGetCallerIdentity`. */
export async function sendWebIdentity(request: WebIdentityRequest, options: SendOptions): Promise<IssuedReply> {
  const command = new AssumeRoleWithWebIdentityCommand({
    RoleArn: request.roleArn,
    RoleSessionName: request.roleSessionName,
    WebIdentityToken: request.token.reveal(),
    DurationSeconds: request.durationSeconds,
    Policy: request.policy,
    PolicyArns: policyArns(request),
  });
  return ofRole(await withClient(options, (client) => client.send(command)));
}

/** Throws like `sendGetCallerIdentity`. */
export async function sendSaml(request: SamlRequest, options: SendOptions): Promise<IssuedReply> {
  const command = new AssumeRoleWithSAMLCommand({
    RoleArn: request.roleArn,
    PrincipalArn: request.principalArn,
    SAMLAssertion: request.assertion.reveal(),
    DurationSeconds: request.durationSeconds,
    Policy: request.policy,
    PolicyArns: policyArns(request),
  });
  return ofRole(await withClient(options, (client) => client.send(command)));
}

function ofRole({ Credentials, AssumedRoleUser }: Pick<AssumeRoleResponse, 'Credentials' | 'AssumedRoleUser'>): IssuedReply {
  return { credentials: Credentials, ...(AssumedRoleUser?.Arn === undefined ? {} : { arn: AssumedRoleUser.Arn }) };
}

function policyArns({ policyArns: arns }: Pick<AssumeRoleRequest, 'policyArns'>) {
  return arns?.map((arn) => ({ arn }));
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

function openClient(options: SendOptions): STSClient {
  const settings = { ...clientSettings(options), useGlobalEndpoint: options.call.endpoint.useGlobal };
  const client = withoutNodeWarning(() => new STSClient(settings));
  // It would read AWS Lambda's environment variables.
  client.middlewareStack.remove('recursionDetectionMiddleware');
  return client;
}
