// An STS without a network: hands out numbered credentials on a fake clock's time, or the failures it was told to give.

import type { Credentials } from '../../src/credentials/credentials.ts';
import { Secret } from '../../src/credentials/secret.ts';
import type {
  AssumeRoleRequest,
  GetSessionTokenRequest,
  SamlRequest,
  Sts,
  StsCall,
  UnsignedCall,
  WebIdentityRequest,
} from '../../src/ports/sts.ts';
import type { Clock } from '../../src/ports/time.ts';

export type FakeCall =
  | { readonly operation: 'GetCallerIdentity'; readonly call: StsCall }
  | { readonly operation: 'GetSessionToken'; readonly call: StsCall; readonly request: GetSessionTokenRequest }
  | { readonly operation: 'AssumeRole'; readonly call: StsCall; readonly request: AssumeRoleRequest }
  | {
      readonly operation: 'AssumeRoleWithWebIdentity';
      readonly call: UnsignedCall & { readonly caller?: never };
      readonly request: WebIdentityRequest;
    }
  | {
      readonly operation: 'AssumeRoleWithSAML';
      readonly call: UnsignedCall & { readonly caller?: never };
      readonly request: SamlRequest;
    };

export interface FakeSts extends Sts {
  readonly calls: readonly FakeCall[];
  /** The next call that gives credentials throws this. */
  failNext(error: Error): void;
  /** Until the returned function is called, AssumeRole and GetSessionToken do not answer. */
  hang(): () => void;
}

export const aliceArn = 'arn:aws:iam::123456789012:user/alice';

export function fakeSts(clock: Clock, userArn = aliceArn): FakeSts {
  const calls: FakeCall[] = [];
  const failures: Error[] = [];
  let gate = Promise.resolve();
  const issue = async (seconds: number): Promise<Credentials> => {
    const number = calls.length;
    await gate;
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
    const issuedAt = clock.now();
    return {
      accessKeyId: `ASIA${String(number).padStart(4, '0')}`,
      secretAccessKey: new Secret(`secret-${number}`),
      sessionToken: new Secret(`token-${number}`),
      issuedAt,
      expiresAt: issuedAt + seconds * 1000,
    };
  };
  return {
    calls,
    getCallerIdentity: async (call) => {
      calls.push({ operation: 'GetCallerIdentity', call });
      return { arn: userArn, accountId: '123456789012' };
    },
    getSessionToken: (request, call) => {
      calls.push({ operation: 'GetSessionToken', call, request });
      return issue(request.durationSeconds);
    },
    assumeRole: (request, call) => {
      calls.push({ operation: 'AssumeRole', call, request });
      return issue(request.durationSeconds);
    },
    assumeRoleWithWebIdentity: (request, call) => {
      calls.push({ operation: 'AssumeRoleWithWebIdentity', call, request });
      return issue(request.durationSeconds);
    },
    assumeRoleWithSaml: (request, call) => {
      calls.push({ operation: 'AssumeRoleWithSAML', call, request });
      return issue(request.durationSeconds);
    },
    failNext: (error) => void failures.push(error),
    hang: () => {
      const opening = new AbortController();
      gate = new Promise((resolve) => opening.signal.addEventListener('abort', () => resolve()));
      return () => opening.abort();
    },
  };
}
