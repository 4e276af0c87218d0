// Who there is in the AWS of both sides: two users, roles that anybody may assume, and some that not everybody may.

import type { DoubleRole, DoubleUser } from '../../src/sandbox/sts-double-world.ts';
import type { IdentityProvider } from '../harness/identity-provider.ts';

export const users: readonly [DoubleUser, DoubleUser] = [
  {
    arn: 'arn:aws:iam::123456789012:user/team/alice',
    accessKeyId: 'AKIAEXAMPLEALICE0001',
    secretAccessKey: 'alice/secret+key',
    mfa: { serial: 'arn:aws:iam::123456789012:mfa/alice', seed: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' },
    mayAssume: ['*'],
  },
  {
    arn: 'arn:aws:iam::123456789012:user/bob',
    accessKeyId: 'AKIAEXAMPLEBOB000001',
    secretAccessKey: 'bob/secret+key',
    mayAssume: ['*'],
  },
];

export function roleArn(name: string): string {
  return `arn:aws:iam::222233334444:role/${name}`;
}

export function rolesOf({ oidc }: Pick<IdentityProvider, 'oidc'>): readonly DoubleRole[] {
  const open = ['One', 'Two', 'path/Three', 'Machine'].map((name) => ({
    arn: roleArn(name),
    trust: [{ principals: ['*'] }],
    mayAssume: ['*'],
    maxSessionSeconds: 43_200,
  }));
  return [
    ...open,
    {
      arn: roleArn('Pod'),
      trust: [{ principals: [oidc.arn], actions: ['sts:AssumeRoleWithWebIdentity'] }],
      mayAssume: ['*'],
      maxSessionSeconds: 43_200,
    },
    { arn: roleArn('Guarded'), trust: [{ principals: ['*'], needsMfa: true }], mayAssume: ['*'] },
    { arn: roleArn('External'), trust: [{ principals: ['*'], externalId: 'ext-1' }], mayAssume: ['*'] },
  ];
}
