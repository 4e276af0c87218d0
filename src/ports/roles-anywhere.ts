// AWS IAM Roles Anywhere. Types only.

import type { SigningIdentity } from '../credentials/certificate.ts';
import type { Credentials } from '../credentials/credentials.ts';
import type { StsCall } from './sts.ts';

/** CreateSession's own parameters. */
export interface CreateSessionRequest {
  readonly trustAnchorArn: string;
  readonly profileArn: string;
  readonly roleArn: string;
  readonly durationSeconds: number;
  /** Taken only by profiles that allow it. */
  readonly roleSessionName?: string;
}

export interface CreateSessionCall extends Omit<StsCall, 'caller'> {
  readonly identity: SigningIdentity;
}

/** Throws like `Sts`, also in what concerns the clock and the deadline. */
export interface RolesAnywhere {
  createSession(request: CreateSessionRequest, call: CreateSessionCall): Promise<Credentials>;
}
