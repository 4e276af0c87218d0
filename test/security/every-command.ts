// A whole life of rolekeeper as steps: every command, in the order a person would come to them, and every way in which AWS fails.

import type { Fault } from '../../src/sandbox/sts-double-faults.ts';

export interface Step {
  /** `$CODE` becomes the next MFA code, here and in `stdin`. */
  readonly args: readonly string[];
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What becomes of AWS's answers meanwhile. */
  readonly fault?: Fault;
  /** IAM Identity Center says back what it was sent, meanwhile. */
  readonly centerSaysBack?: true;
  /** Its exit status; 0 when absent. */
  readonly ends?: number;
  /** Its stdout is for whoever asked for credentials. */
  readonly givesSecrets?: true;
  /** It puts keys back into `~/.aws/credentials`. */
  readonly writesPlaintext?: true;
  /** It starts an agent that stays. */
  readonly startsAgent?: true;
}

/** Marks the one program that `exec` gives credentials. */
export const receiver = 'who may have them';

/** What the steps need to know of the world they run in. */
export interface Scene {
  /** Of a second user, without MFA. */
  readonly otherKeys: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly stsUrl: string;
  /** `http://user:password@host:port` where nobody listens. */
  readonly proxy: string;
  /** The session that roles start from, as a hostile AWS would say it back. */
  readonly sessionToken: () => string;
  /** Of the MFA device. */
  readonly seed: string;
  /** What profile `web` starts from. */
  readonly identityToken: string;
  /** The age store is lost with the state directory, a keychain is not. */
  readonly hasKeychain: boolean;
  readonly hasAgent: boolean;
}

/** `withFaults` wants a session: ask for it when that day has come. */
export const everyCommand: readonly ((scene: Scene) => readonly Step[])[] = [
  beforeKeys,
  firstDay,
  withCredentials,
  withFaults,
  newKeys,
  theEnd,
];

const yes = '--yes';

function beforeKeys({ otherKeys, stsUrl }: Scene): readonly Step[] {
  const env = { AWS_ENDPOINT_URL_STS: stsUrl };
  const add = ['add', 'bob', '--access-key-id', otherKeys.accessKeyId, '--region', 'eu-west-1', yes];
  return [
    { args: ['get', 'dev'], ends: 4 },
    { args: ['setup', '--dry-run'] },
    { args: ['import', 'corp', '--dry-run'] },
    { args: ['import', 'gone'], ends: 3 },
    { args: ['add', 'bob'], ends: 2 },
    { args: add, stdin: `${otherKeys.secretAccessKey.slice(1)}\n`, env, ends: 6 },
    { args: add, stdin: `${otherKeys.secretAccessKey}\n`, env },
    { args: ['add', 'bob', '--undo', yes] },
    // From here on no plaintext is left to be found.
    { args: ['import', 'corp', yes] },
  ];
}

function firstDay({ proxy }: Scene): readonly Step[] {
  return [
    { args: ['login', 'corp', '--code', '12345'], ends: 2 },
    { args: ['login', 'corp'], stdin: 'no code\n', ends: 2 },
    { args: ['login', 'corp'], stdin: '$CODE\n', fault: { kind: 'throttle', times: 2 }, ends: 6 },
    { args: ['login', 'corp'], stdin: '$CODE\n', fault: { kind: 'truncated', times: 1 }, ends: 7 },
    { args: ['login', 'corp'], stdin: '$CODE\n', env: { HTTPS_PROXY: proxy } },
    { args: ['adopt', '--all', '--dry-run'] },
    { args: ['adopt', 'plain', yes] },
    { args: ['refresh', '--due'] },
  ];
}

function withCredentials({ identityToken, seed, hasAgent }: Scene): readonly Step[] {
  return [
    ...['dev', 'plain', 'corp', 'bare'].map((name) => ({ args: ['get', name], givesSecrets: true }) as const),
    ...['get', 'explain', 'env'].map((command) => ({ args: [command, 'nobody'], ends: 3 })),
    { args: ['get', 'sso'], ends: 4 },
    { args: ['explain', 'sso'] },
    { args: ['env', 'sso'], ends: 4 },
    ...['explain', 'status'].map((name) => ({ args: [name, 'web'] })),
    ...['get', 'env'].map((name) => ({ args: [name, 'web'], givesSecrets: true }) as const),
    {
      args: ['refresh', 'web', '--force'],
      fault: { kind: 'error', code: 'Strange', message: `you sent ${identityToken}` },
      ends: 6,
    },
    { args: ['status', 'sso'] },
    { args: ['passphrase', 'web'], stdin: 'not needed\n', ends: 3 },
    { args: ['mfa-secret', 'corp', yes], stdin: `${seed}\n` },
    { args: ['mfa-secret', 'corp', '--remove', yes] },
    { args: ['get', 'tool'], givesSecrets: true },
    { args: ['refresh', 'tool', '--force'], env: { TOOL_FAILS: '1' }, ends: 3 },
    { args: ['sso', 'accounts', '--profile', 'sso'], ends: 4 },
    { args: ['forget-keys', 'corp', '--dry-run'] },
    { args: ['log'] },
    { args: ['log', '--json'] },
    ...['sh', 'bash', 'zsh', 'fish', 'powershell', 'dotenv'].map(
      (shell) => ({ args: ['env', 'dev', '--shell', shell], givesSecrets: true }) as const,
    ),
    { args: ['exec', 'dev', '--', 'true', receiver] },
    { args: ['exec', 'dev', '--', '/nonexistent', receiver], ends: 2 },
    { args: ['exec', 'sso', '--', 'true'], ends: 4 },
    ...withSignIn(),
    ...['status', 'explain'].flatMap((name) => [{ args: [name, 'dev'] }, { args: [name, 'dev', '--json'] }]),
    { args: ['status', '--prompt', 'dev'] },
    { args: ['doctor'], ends: 8 },
    { args: ['doctor', '--json', '--online'], ends: 8 },
    { args: ['doctor', '--fix'], ends: 8 },
    { args: ['completion', 'bash'] },
    { args: ['__profiles'] },
    { args: ['unlock'], stdin: 'not needed here\n' },
    { args: ['lock'] },
    { args: ['agent', 'status', '--json'], ends: hasAgent ? 0 : 1 },
    { args: ['agent', 'start'], startsAgent: true },
    { args: ['agent', 'start', '--nonsense'], ends: 2 },
    { args: ['install', yes], startsAgent: true },
    { args: ['demo', '--fast'] },
  ];
}

function withSignIn(): readonly Step[] {
  const login = ['login', 'sso', '--device-code'];
  return [
    { args: login, centerSaysBack: true, ends: 6 },
    { args: login },
    { args: login, centerSaysBack: true, ends: 6 },
    { args: ['get', 'sso'], givesSecrets: true },
    { args: ['sso', 'accounts', '--profile', 'sso'] },
    { args: ['sso', 'accounts', '--profile', 'sso'], centerSaysBack: true, ends: 6 },
    { args: ['sso', 'populate', '--profile', 'sso', '--all', '--dry-run'] },
    { args: ['refresh', 'sso', '--force'], centerSaysBack: true, ends: 6 },
    { args: ['status', 'sso'] },
    { args: ['explain', 'sso'] },
    { args: ['logout', 'sso'], centerSaysBack: true },
    { args: login },
  ];
}

function withFaults({ proxy, stsUrl, sessionToken, hasKeychain }: Scene): readonly Step[] {
  const refresh = ['refresh', 'dev', '--force'];
  const { host } = new URL(stsUrl);
  const badReplies: readonly Fault[] = [
    ...(['html', 'garbage', 'empty', 'reset', 'truncated', 'flood'] as const).map((kind) => ({ kind })),
    { kind: 'redirect', location: `http://${host}/elsewhere` },
    { kind: 'edit', from: '<Expiration>', to: '<Expiration>never' },
    { kind: 'edit', from: '<SessionToken>', to: '<Session>' },
    { kind: 'edit', from: '</Credentials>', to: '</Credential>' },
  ];
  const refusals: readonly Fault[] = [
    { kind: 'throttle' },
    { kind: 'unavailable', status: 503 },
    // As AWS explains a wrong signature: with the whole request as it should have been signed.
    { kind: 'error', code: 'SignatureDoesNotMatch', message: `x-amz-security-token:${sessionToken()}` },
    { kind: 'error', code: 'Strange', message: `you sent ${sessionToken()}` },
    { kind: 'error', code: sessionToken() },
  ];
  const login = { args: ['login', 'corp'], stdin: '$CODE\n' };
  const secure = { AWS_ENDPOINT_URL_STS: `https://${host}` };
  const proxies = [proxy, proxy.replace('http:', 'https:'), proxy.replace('http:', 'gopher:')];
  return [
    ...badReplies.map((fault) => ({ args: refresh, fault, ends: 7 })),
    ...refusals.map((fault) => ({ args: refresh, fault, ends: 6 })),
    { ...login, env: secure, ends: 7 },
    ...proxies.map((HTTPS_PROXY) => ({ ...login, env: { ...secure, HTTPS_PROXY }, ends: 7 })),
    { args: refresh, env: { HTTPS_PROXY: proxy } },
    { args: refresh, env: { ROLEKEEPER_STORE: 'nonsense' }, ends: 2 },
    { args: refresh, env: { ROLEKEEPER_STORE: 'age', ROLEKEEPER_AGE_KEY_FILE: '/nonexistent' }, ends: 5 },
    { args: refresh, env: { ROLEKEEPER_STATE_DIR: '/proc/nowhere' }, ends: hasKeychain ? 1 : 3 },
    { args: ['get', 'dev'], givesSecrets: true },
  ];
}

function newKeys(): readonly Step[] {
  return [
    { args: ['rotate', 'corp', '--dry-run'] },
    {
      args: ['rotate', 'corp', yes],
      fault: { kind: 'error', operation: 'CreateAccessKey', code: 'AccessDenied', times: 1 },
      ends: 6,
    },
    { args: ['rotate', 'corp', yes] },
    { args: ['rotate', 'corp', '--finish', yes], ends: 1 },
    { args: ['rotate', 'corp', '--delete', yes], ends: 1 },
    { args: ['get', 'bare'], givesSecrets: true },
  ];
}

function theEnd(): readonly Step[] {
  return [
    { args: ['release', 'plain', yes] },
    { args: ['logout', 'corp'] },
    { args: ['logout', '--all'] },
    { args: ['get', 'dev'], ends: 4 },
    { args: ['uninstall', '--dry-run'] },
    { args: ['uninstall', '--purge', yes], ends: 2 },
    { args: ['uninstall', '--purge', '--delete-keys', yes], writesPlaintext: true },
  ];
}
