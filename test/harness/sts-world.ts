// The small AWS that the STS tests share: one user with MFA, three roles, a clock moved by hand, and a caller's view of it.

import type { EpochMs } from '../../src/credentials/credentials.ts';
import { Secret } from '../../src/credentials/secret.ts';
import type { StsCall } from '../../src/ports/sts.ts';
import type { Clock } from '../../src/ports/time.ts';
import { type StsDouble, type StsDoubleOptions, startStsDouble } from '../../src/sandbox/sts-double.ts';
import type { DoubleRole, DoubleUser } from '../../src/sandbox/sts-double-world.ts';

export const alice: DoubleUser = {
  arn: 'arn:aws:iam::123456789012:user/team/alice',
  accessKeyId: 'AKIAEXAMPLEALICE0001',
  secretAccessKey: 'alice/secret+key',
  mfa: { serial: 'arn:aws:iam::123456789012:mfa/alice', seed: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' },
  mayAssume: ['*'],
};

/** A user without MFA and without any permission. */
export const bob: DoubleUser = {
  arn: 'arn:aws:iam::123456789012:user/bob',
  accessKeyId: 'AKIAEXAMPLEBOB000001',
  secretAccessKey: 'bob/secret+key',
};

const account = 'arn:aws:iam::123456789012:root';

export const openRole: DoubleRole = { arn: 'arn:aws:iam::222233334444:role/Open', trust: [{ principals: [account] }] };
export const mfaRole: DoubleRole = {
  arn: 'arn:aws:iam::222233334444:role/apps/Guarded',
  trust: [{ principals: [account], needsMfa: true }],
  mayAssume: ['arn:aws:iam::333344445555:role/Next'],
  maxSessionSeconds: 14_400,
};
export const nextRole: DoubleRole = {
  arn: 'arn:aws:iam::333344445555:role/Next',
  trust: [{ principals: [mfaRole.arn], externalId: 'ext-1' }],
};

export function startWorld(options: Partial<StsDoubleOptions> = {}): Promise<StsDouble> {
  return startStsDouble({ users: [alice, bob], roles: [openRole, mfaRole, nextRole], ...options });
}

/** A call by a user's own keys. */
export function callBy(
  user: Pick<DoubleUser, 'accessKeyId' | 'secretAccessKey'>,
  url: string,
  more: Partial<StsCall> = {},
): StsCall {
  return {
    caller: { accessKeyId: user.accessKeyId, secretAccessKey: new Secret(user.secretAccessKey) },
    endpoint: { region: 'eu-west-1', url, useFips: false, useDualstack: false, useGlobal: false },
    network: {},
    ...more,
  };
}

/** A local clock that is off by some time, and learns. */
export function learningClock(offByMs = 0): Clock & { readonly learnt: EpochMs[] } {
  let correctionMs = 0;
  const learnt: EpochMs[] = [];
  const local = () => Date.now() + offByMs;
  return {
    learnt,
    now: () => local() + correctionMs,
    toLocal: (at) => at - correctionMs,
    learn: (serverNow) => {
      learnt.push(serverNow);
      correctionMs = serverNow - local();
    },
    lookAgain: () => undefined,
    wait: () => Promise.reject(new Error('the STS adapter waits for nothing')),
  };
}
