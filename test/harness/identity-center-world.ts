// A stranger's machine whose organisation has IAM Identity Center: the usual world, the double of it, and a browser that follows where it is sent.

import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { type IdentityCenterDouble, type IdentityCenterOptions, startIdentityCenter } from '../doubles/identity-center.ts';
import type { Assignment } from '../doubles/identity-center-portal.ts';
import { openWorld, program, roleArn, type World, type WorldOptions, workAccountId } from './world.ts';

export interface IdentityCenterWorld extends World {
  readonly center: IdentityCenterDouble;
  /** For a process that finds a display and a browser: what the browser was sent to ends in `page()`. */
  readonly desktop: Readonly<Record<string, string>>;
  /** The last page that the browser got; empty for none. */
  page(): string;
  /** Both clocks. */
  advance(ms: number): void;
}

export interface CenterWorldOptions extends WorldOptions {
  readonly center?: Partial<Omit<IdentityCenterOptions, 'issue' | 'now'>>;
}

export const devAccount: Assignment = {
  accountId: workAccountId,
  name: 'Development',
  email: 'dev@example.com',
  roles: ['Admin', 'ReadOnly'],
};

export async function openCenterWorld({ center: options, ...rest }: CenterWorldOptions = {}): Promise<IdentityCenterWorld> {
  const far = { arn: roleArn('Far'), trust: [{ principals: ['*'] }] };
  const world = await openWorld({ roles: [far], ...rest });
  const center = await startIdentityCenter({
    accounts: [devAccount],
    ...options,
    now: world.sts.now,
    issue: ({ accountId, roleName }, lifeSeconds) => {
      const arn = `arn:aws:iam::${accountId}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_${roleName}_0123456789abcdef`;
      const { accessKeyId, secretAccessKey, sessionToken, expiresAt } = world.sts.issueRole(arn, 'alice', lifeSeconds);
      return { accessKeyId, secretAccessKey, sessionToken, expiresAt };
    },
  });
  const bin = makeBrowser(world.home);
  const pagePath = join(world.home, 'page.html');
  return {
    ...world,
    center,
    desktop: { DISPLAY: ':99', PATH: `${bin}:${world.env['PATH'] ?? ''}` },
    page: () => (existsSync(pagePath) ? readFileSync(pagePath, 'utf8') : ''),
    advance: (ms) => world.sts.advance(ms),
    writeConfig: (text) => world.writeConfig(text.replaceAll('$CENTER', center.url).replaceAll('$START', center.startUrl)),
    close: async () => {
      await center.stop();
      await world.close();
    },
  };
}

/** An `sso-session` section, and where the services of it and STS are. */
export const centerSections = `[sso-session corp]
sso_start_url = $START
sso_region = eu-west-1
sso_registration_scopes = sso:account:access

[services local]
sts =
  endpoint_url = $STS
sso =
  endpoint_url = $CENTER
sso_oidc =
  endpoint_url = $CENTER

`;

/** `[profile NAME]` and `[rolekeeper NAME]` of a role of the Identity Center. */
export function centerPair(name: string, roleName = 'Admin'): string {
  return `[profile ${name}]
region = eu-west-1
services = local
credential_process = ${program} get ${name}

[rolekeeper ${name}]
sso_session = corp
sso_account_id = ${workAccountId}
sso_role_name = ${roleName}

`;
}

function makeBrowser(home: string): string {
  const bin = join(home, 'bin');
  mkdirSync(bin);
  const path = join(bin, 'xdg-open');
  const visit = `fetch(process.argv[1]).then(async (r) => require('fs').writeFileSync('${home}/page.html', await r.text()))`;
  writeFileSync(path, `#!/bin/sh\nexec ${process.execPath} -e "${visit}" "$1"\n`);
  chmodSync(path, 0o755);
  return bin;
}
