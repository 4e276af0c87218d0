// A small company with an authority of its own, and the AWS that trusts it: certificates on disk, and the double that knows them.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Issued, issue, makeAuthority } from './certificates.ts';
import { type AnywhereDouble, startAnywhereDouble } from './roles-anywhere-double.ts';

export const region = 'eu-central-1';
export const trustAnchorArn = `arn:aws:rolesanywhere:${region}:123456789012:trust-anchor/11111111-2222-3333-4444-555555555555`;
export const profileArn = `arn:aws:rolesanywhere:${region}:123456789012:profile/66666666-7777-8888-9999-000000000000`;
export const openProfileArn = `arn:aws:rolesanywhere:${region}:123456789012:profile/aaaaaaaa-7777-8888-9999-000000000000`;
export const roleArn = 'arn:aws:iam::123456789012:role/Certified';
export const aliceRoleArn = 'arn:aws:iam::123456789012:role/AliceOnly';

export interface AnywhereWorld {
  readonly directory: string;
  readonly authority: Issued;
  /** Whom the authority lets sign for it. */
  readonly between: Issued;
  readonly aws: AnywhereDouble;
  close(): Promise<void>;
}

/** The authority is the trust anchor's. `openProfileArn` takes session names. */
export async function openAnywhereWorld(): Promise<AnywhereWorld> {
  const directory = mkdtempSync(join(tmpdir(), 'rk-certificates-'));
  const authority = makeAuthority(directory, 'authority');
  const between = issue(directory, 'between', authority, { isAuthority: true });
  const roleArns = [roleArn, aliceRoleArn];
  const aws = await startAnywhereDouble({
    region,
    trustAnchors: [{ arn: trustAnchorArn, authority: readFileSync(authority.certificate, 'utf8') }],
    profiles: [
      { arn: profileArn, roleArns },
      { arn: openProfileArn, roleArns, acceptsSessionName: true },
    ],
    roles: [{ arn: roleArn }, { arn: aliceRoleArn, subject: 'CN=alice' }],
  });
  return {
    directory,
    authority,
    between,
    aws,
    close: async () => {
      await aws.stop();
      rmSync(directory, { recursive: true });
    },
  };
}
