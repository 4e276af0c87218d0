// AWS STS. Types only.

import type { Credentials } from '../credentials/credentials.ts';
import type { MfaCode } from '../credentials/mfa-code.ts';
import type { Secret } from '../credentials/secret.ts';
import type { CallContext } from '../credentials/sts-refused-call.ts';

/** Which STS answers: part of the key id. */
export interface StsEndpoint {
  readonly region: string;
  /** Replaces AWS's own URL. */
  readonly url?: string;
  readonly useFips: boolean;
  readonly useDualstack: boolean;
  /** The old single endpoint, sts.amazonaws.com (`sts_regional_endpoints = legacy`). */
  readonly useGlobal: boolean;
}

/** Which of a regional service's endpoints answers. */
export type ServiceEndpoint = Omit<StsEndpoint, 'useGlobal'>;

/** How to get there: not part of the key id. */
export interface Network {
  readonly caBundle?: string;
  /** May hold a password. */
  readonly httpsProxy?: Secret;
  readonly noProxy?: string;
}

export interface StsCaller {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly sessionToken?: Secret;
}

/** A call that nothing signs: what it sends says who asks. */
export interface UnsignedCall {
  readonly endpoint: StsEndpoint;
  readonly network: Network;
  /** Ends the call; the port adds its own deadline of 10 s. */
  readonly signal?: AbortSignal;
  /** Changes nothing that is sent; a refusal is explained with it. */
  readonly context?: CallContext;
}

export interface StsCall extends UnsignedCall {
  readonly caller: StsCaller;
}

export interface MfaAnswer {
  readonly serial: string;
  readonly code: MfaCode;
}

export interface GetSessionTokenRequest {
  readonly durationSeconds: number;
  readonly mfa?: MfaAnswer;
}

/** AssumeRole's own parameters; every string has passed config/limits.ts. */
export interface AssumeRoleRequest {
  readonly roleArn: string;
  readonly roleSessionName: string;
  readonly durationSeconds: number;
  readonly externalId?: string;
  readonly sourceIdentity?: string;
  readonly policy?: string;
  readonly policyArns?: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
  readonly transitiveTagKeys?: readonly string[];
  readonly mfa?: MfaAnswer;
}

/** What the two unsigned operations have in common. */
interface FederatedRequest {
  readonly roleArn: string;
  readonly durationSeconds: number;
  readonly policy?: string;
  readonly policyArns?: readonly string[];
}

export interface WebIdentityRequest extends FederatedRequest {
  readonly roleSessionName: string;
  /** A JSON Web Token, or whatever else the provider gives. */
  readonly token: Secret;
}

export interface SamlRequest extends FederatedRequest {
  /** The identity provider in IAM. */
  readonly principalArn: string;
  /** In base64. */
  readonly assertion: Secret;
}

export interface CallerIdentity {
  readonly arn: string;
  readonly accountId: string;
}

/**
 * AWS STS. Throws `aws-refused`, `mfa-refused`, `login-needed` (the caller's session has ended), `network`, `deadline`,
 * `config-unreadable` (the CA bundle), and `interrupted` when the call's signal was aborted. Corrects the clock by the Date header of
 * every reply and tries once more when AWS says the clock is off. An MFA code is sent only once: where the clock may be off, a
 * GetCallerIdentity goes first. Makes no other retries.
 */
export interface Sts {
  getCallerIdentity(call: StsCall): Promise<CallerIdentity>;
  getSessionToken(request: GetSessionTokenRequest, call: StsCall): Promise<Credentials>;
  assumeRole(request: AssumeRoleRequest, call: StsCall): Promise<Credentials>;
  assumeRoleWithWebIdentity(request: WebIdentityRequest, call: UnsignedCall): Promise<Credentials>;
  assumeRoleWithSaml(request: SamlRequest, call: UnsignedCall): Promise<Credentials>;
}
