// Runs in a process of its own: one call by the STS adapter, or those of other services, in a hostile environment. Writes what it got, and which variables were
// looked at, to the file named in the first argument; stdout and stderr stay for what should not be there.

import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { Secret } from '../../src/credentials/secret.ts';
import { alice, callBy, learningClock, openRole } from './sts-world.ts';

const [, , reportPath = '', url = '', proxy = '', caBundle = '', service = 'sts'] = process.argv;
const read = new Set<string>();
process.env = new Proxy(process.env, {
  get: (env, name) => {
    if (typeof name === 'string') read.add(name);
    return typeof name === 'string' ? env[name] : undefined;
  },
});

// Loaded only now, so that what it reads while loading is seen as well.
const { createSts } = await import('../../src/system/sts.ts');
const network = proxy === '' ? {} : { httpsProxy: new Secret(proxy), caBundle };
const call = callBy(alice, url, { network });
const { url: _url, ...regional } = call.endpoint;
const sts = createSts({ clock: learningClock(), deadlineMs: 8000 });
const listKeys = async () => {
  const { createIam } = await import('../../src/system/iam.ts');
  const keys = await createIam({ clock: learningClock(), deadlineMs: 8000 }).listAccessKeys({ ...call, userName: 'alice' });
  return { accountId: `${keys.length} key` };
};
const assumeRole = () =>
  sts.assumeRole(
    { roleArn: openRole.arn, roleSessionName: 'child', durationSeconds: 3600 },
    url === '' ? { ...call, endpoint: regional } : call,
  );
// Registers, and lists with a token that nobody knows: both clients of IAM Identity Center have spoken then.
const askIdentityCenter = async () => {
  const [{ createSignInService }, { createPortal }] = await Promise.all([
    import('../../src/system/sign-in-service.ts'),
    import('../../src/system/portal.ts'),
  ]);
  const options = { clock: learningClock(), deadlineMs: 8000 };
  const { useGlobal: _useGlobal, ...endpoint } = call.endpoint;
  const signIn = { startUrl: 'https://corp.awsapps.com/start', scopes: ['sso:account:access'], oidc: endpoint, portal: endpoint };
  const { flow } = await createSignInService(options).register(signIn, 'browser', { network });
  const refusal = await createPortal(options)
    .listAccounts({ network, endpoint, accessToken: new Secret('unknown') })
    .catch((error: unknown) => String(error));
  return { accountId: `${flow}, ${String(refusal)}` };
};
const asks: Readonly<Record<string, () => Promise<{ readonly accountId?: string }>>> = {
  sts: assumeRole,
  iam: listKeys,
  'identity-center': askIdentityCenter,
};
const outcome = await (asks[service] ?? assumeRole)()
  .then(({ accountId }) => accountId)
  .catch((error: unknown) => String(error));
writeFileSync(
  reportPath,
  JSON.stringify({ outcome, read: [...read].filter((name) => /^_?(AWS|X_AMZN)|^HOME$|^DEBUG$|PROXY$/i.test(name)) }),
);
