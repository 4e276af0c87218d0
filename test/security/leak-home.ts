// The home of a leak world: its config files, the files of other programs, and a desktop without a user manager.

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { accessKeyId, accountId, program, roleArn, usualConfig, type World } from '../harness/world.ts';

export interface Preparation {
  readonly keys: string;
  readonly inConfig: string;
  readonly token: string;
  readonly ofTool: string;
  readonly debug: boolean;
  readonly stsUrl: string;
  readonly centerUrl: string;
}

/** Files, and a desktop without a user manager. Returns the variables that go with it. */
export function prepareHome(
  world: World,
  { keys, inConfig, token, ofTool, debug, stsUrl, centerUrl }: Preparation,
): Readonly<Record<string, string>> {
  const below = (...names: readonly string[]) => join(world.home, ...names);
  for (const path of [below('bin'), below('tmp'), below('.aws', 'sso', 'cache')])
    mkdirSync(path, { recursive: true, mode: 0o700 });
  writeFileSync(below('bin', 'systemctl'), '#!/bin/sh\nexit 1\n');
  chmodSync(below('bin', 'systemctl'), 0o755);
  writeFileSync(below('.aws', 'token'), token, { mode: 0o600 });
  writeFileSync(below('.aws', 'tool'), toolText(ofTool), { mode: 0o700 });
  writeFileSync(below('.aws', 'sso', 'cache', 'start.json'), JSON.stringify({ accessToken: token }), { mode: 0o600 });
  world.writeConfig(config(world.home).replaceAll('$STS', stsUrl).replaceAll('$CENTER', centerUrl));
  world.writeCredentials(
    `[temp]\naws_access_key_id = ASIAIOSFODNN7EXAMPLE\naws_secret_access_key = ${inConfig}\naws_session_token = ${inConfig}\n\n` +
      `[corp]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${keys}\n`,
  );
  return {
    PATH: `${below('bin')}:${world.env['PATH']}`,
    TMPDIR: below('tmp'),
    XDG_CONFIG_HOME: below('config'),
    AWS_ENDPOINT_URL_IAM: stsUrl,
    ROLEKEEPER_AUDIT: '1',
    ...(debug ? { ROLEKEEPER_DEBUG: '1' } : {}),
  };
}

/** Traces what it does, as some do, and fails where it is told to, with everything printed already. */
function toolText(secret: string): string {
  const document = JSON.stringify({ Version: 1, AccessKeyId: 'ASIATOOL', SecretAccessKey: secret, SessionToken: secret });
  return `#!/bin/sh\nset -x\necho '${document}'\nexit \${TOOL_FAILS:-0}\n`;
}

const config = (home: string) => `${usualConfig}
[profile bare]
region = eu-west-1
endpoint_url = $STS
credential_process = ${program} get bare

[rolekeeper bare]
keys = corp
session = none

[profile plain]
region = eu-west-1
endpoint_url = $STS
role_arn = ${roleArn('Ops')}
source_profile = corp

[profile web]
region = eu-west-1
endpoint_url = $STS
credential_process = ${program} get web

[rolekeeper web]
role_arn = ${roleArn('Pod')}
web_identity_token_file = ${home}/.aws/token

[profile tool]
region = eu-west-1
credential_process = ${program} get tool

[rolekeeper tool]
credential_process = ${home}/.aws/tool

[profile sso]
region = eu-west-1
services = center
sso_start_url = https://corp.awsapps.com/start
sso_region = eu-west-1
sso_account_id = ${accountId}
sso_role_name = Ops

[services center]
sso =
  endpoint_url = $CENTER
sso_oidc =
  endpoint_url = $CENTER
`;
