// A world for the ways in that need no keys of ours: an identity provider, a machine's services, and a profile for each way.

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AssertionParts, type IdentityProvider, openIdentityProvider } from './identity-provider.ts';
import { type MachineService, startMachineService } from './machine-service.ts';
import { openWorld, roleArn, rolePair, userArn, type World } from './world.ts';

export interface WaysWorld extends World {
  readonly provider: IdentityProvider;
  readonly machine: MachineService;
  /** Of a caller: where the machine's services are, and keys for `credential_source = Environment`. */
  readonly callerEnv: Readonly<Record<string, string>>;
  /** What the file of the token holds from now on; undefined: there is none. */
  setToken(token: string | undefined): void;
  /** What the program of `office` prints from now on. */
  setAssertion(parts: Partial<AssertionParts>): void;
}

/** Web identity: pod, behind-pod, printed. SAML: office. Machines: instance, task, job. */
export async function openWaysWorld(): Promise<WaysWorld> {
  let now = Date.now;
  const provider = openIdentityProvider(() => now());
  const world = await openWorld({ providers: [provider.oidc, provider.saml], roles: rolesFor(provider) });
  now = () => world.sts.now();
  const machine = await startMachineService(() => world.sts.issue(roleArn('Machine'), 'i-0123456789'));
  const tokenPath = join(world.home, 'token');
  const assertionPath = join(world.home, 'assertion');
  const authorizationPath = join(world.home, 'authorization');
  const setToken = (token: string | undefined) => (token === undefined ? rmSync(tokenPath) : writeFileSync(tokenPath, token));
  const setAssertion = (parts: Partial<AssertionParts>) =>
    writeFileSync(assertionPath, provider.assertion({ roles: [roleArn('Office')], ...parts }));
  setToken(provider.token());
  setAssertion({});
  writeFileSync(authorizationPath, machine.authorization);
  world.writeConfig(configOf({ tokenPath, assertionPath }));
  const keys = world.sts.issue(roleArn('Machine'), 'job');
  const callerEnv = {
    AWS_ENDPOINT_URL_STS: world.sts.url,
    AWS_EC2_METADATA_DISABLED: 'false',
    AWS_EC2_METADATA_SERVICE_ENDPOINT: machine.url,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${machine.url}/container`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: authorizationPath,
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    AWS_SESSION_TOKEN: keys.sessionToken,
  };
  const close = async () => {
    await world.close();
    await machine.stop();
  };
  return { ...world, provider, machine, callerEnv, setToken, setAssertion, close };
}

function rolesFor({ oidc, saml }: IdentityProvider) {
  return [
    { arn: roleArn('Pod'), trust: [{ principals: [oidc.arn], actions: ['sts:AssumeRoleWithWebIdentity'] }], mayAssume: ['*'] },
    { arn: roleArn('Office'), trust: [{ principals: [saml.arn], actions: ['sts:AssumeRoleWithSAML'] }] },
    { arn: roleArn('Machine'), trust: [], mayAssume: ['*'] },
    { arn: roleArn('Far'), trust: [{ principals: [roleArn('Machine'), roleArn('Pod'), userArn] }] },
  ];
}

function configOf({ tokenPath, assertionPath }: { readonly tokenPath: string; readonly assertionPath: string }): string {
  const [pod, office, far] = [roleArn('Pod'), roleArn('Office'), roleArn('Far')];
  const machineRole = (name: string, source: string) =>
    rolePair(name, { role_arn: far, credential_source: source, role_session_name: name });
  return [
    rolePair('pod', { role_arn: pod, web_identity_token_file: tokenPath }),
    rolePair('behind-pod', { role_arn: far, source_profile: 'pod' }),
    rolePair('printed', { role_arn: pod, web_identity_token_process: `cat ${tokenPath}`, role_session_name: 'printed' }),
    rolePair('office', { role_arn: office, saml_process: `cat ${assertionPath}` }),
    machineRole('instance', 'Ec2InstanceMetadata'),
    machineRole('task', 'EcsContainer'),
    machineRole('job', 'Environment'),
  ].join('\n');
}
