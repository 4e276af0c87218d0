// One side's AWS: the same made-up services for each case, fresh, in a home of its own, and what was asked of them.

import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { isAppError } from '../../src/errors.ts';
import type { StsCaller } from '../../src/ports/sts.ts';
import { type DoubleCall, type StsDouble, startStsDouble } from '../../src/sandbox/sts-double.ts';
import type { IssuedKey } from '../../src/sandbox/sts-double-world.ts';
import { decodeSeed, stepAt, totpCode } from '../../src/sandbox/totp.ts';
import { createSts } from '../../src/system/sts.ts';
import { startIdentityCenter } from '../doubles/identity-center.ts';
import { type IdentityProvider, openIdentityProvider } from '../harness/identity-provider.ts';
import { startMachineService } from '../harness/machine-service.ts';
import { learningClock } from '../harness/sts-world.ts';
import type { Case } from './cases.ts';
import { roleArn, rolesOf, users } from './people.ts';

/** What a side is asked. */
export interface Asked {
  readonly profile: string;
  readonly env: Readonly<Record<string, string>>;
  /** For whoever asks for a code of the MFA device, in this order. */
  readonly codes: readonly string[];
}

export type Outcome =
  | {
      readonly kind: 'credentials';
      readonly caller: StsCaller;
      /** Where they started, in the side's own words. */
      readonly start: string;
    }
  | { readonly kind: 'refused'; readonly why: string };

export interface Resolver {
  resolve(asked: Asked): Promise<Outcome>;
  close(): Promise<void>;
}

export interface Call {
  readonly operation: string;
  readonly params: Readonly<Record<string, string>>;
  readonly outcome: string;
}

export type Verdict =
  | { readonly kind: 'works'; readonly principal: string; readonly calls: readonly Call[]; readonly start: string }
  | { readonly kind: 'refused'; readonly why: string; readonly calls: readonly Call[] };

export interface Side {
  judge(one: Case): Promise<Verdict>;
  close(): Promise<void>;
}

export function openSide(start: (home: string) => Resolver): Side {
  const home = mkdtempSync(join(tmpdir(), 'rk-same-'));
  for (const cache of ['login', 'sso']) mkdirSync(join(home, '.aws', cache, 'cache'), { recursive: true });
  const provider = openIdentityProvider();
  const resolver = start(home);
  let count = 0;
  return {
    judge: async (one) => {
      count += 1;
      const aws = await openAws(home, provider);
      try {
        return await judgeIn(aws, resolver, { one, home, state: join(home, 'state', String(count)) });
      } finally {
        await aws.close();
      }
    },
    close: async () => {
      await resolver.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

interface Aws {
  readonly sts: StsDouble;
  /** So far, of all services. */
  readonly calls: () => readonly Call[];
  /** What stands for `$NAME` in a case's texts. */
  readonly words: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

async function openAws(home: string, provider: IdentityProvider): Promise<Aws> {
  const sts = await startStsDouble({ users, roles: rolesOf(provider), providers: [provider.oidc] });
  const issue = () => sts.issue(roleArn('Machine'), 'i-0123456789');
  const machine = await startMachineService(issue);
  const granted: Granted[] = [];
  const center = await startIdentityCenter({
    accounts: [{ accountId: '222233334444', name: 'Work', email: 'work@example.com', roles: ['Admin', 'ReadOnly'] }],
    now: sts.now,
    issue: (role, lifeSeconds) => {
      granted.push({ call: { operation: 'GetRoleCredentials', params: { ...role }, outcome: 'ok' }, after: sts.log().length });
      return sts.issueRole(roleArn(`AWSReservedSSO_${role.roleName}_0`), 'alice', lifeSeconds);
    },
  });
  writeToken(home, { accessToken: center.accessToken(), startUrl: center.startUrl });
  const temporary = issue();
  writeFileSync(join(home, 'token'), provider.token());
  writeDocuments(home, temporary);
  writeSignIn(home, temporary);
  const { accessKeyId, secretAccessKey, sessionToken } = temporary;
  return {
    sts,
    calls: () => callsOf(sts.log(), granted),
    words: {
      ...{
        HOME: home,
        STS: sts.url,
        CENTER: center.url,
        START: center.startUrl,
        MACHINE: machine.url,
        AUTHORIZATION: machine.authorization,
      },
      ...{ TEMPORARY_ID: accessKeyId, TEMPORARY_SECRET: secretAccessKey, TEMPORARY_TOKEN: sessionToken },
    },
    close: async () => {
      await Promise.all([sts.stop(), machine.stop(), center.stop()]);
    },
  };
}

/** A call to the portal of Identity Center, and how many there were to STS before it. */
interface Granted {
  readonly call: Call;
  readonly after: number;
}

function callsOf(log: readonly DoubleCall[], granted: readonly Granted[]): readonly Call[] {
  const all = [...granted, ...log.map((call, after) => ({ call: callOf(call), after: after + 0.5 }))];
  return all
    .sort((a, b) => a.after - b.after)
    .map(({ call }) => call)
    .filter(({ operation }) => /^(AssumeRole|GetRoleCredentials)/.test(operation));
}

/** As `aws sso login` leaves it: for the section `corp`, and for profiles of the old form. */
function writeToken(home: string, token: { readonly accessToken: string; readonly startUrl: string }): void {
  const entry = { ...token, region: 'eu-west-1', expiresAt: new Date(Date.now() + 3_600_000).toISOString() };
  for (const key of ['corp', token.startUrl]) {
    const name = createHash('sha1').update(key).digest('hex');
    writeFileSync(join(home, '.aws', 'sso', 'cache', `${name}.json`), JSON.stringify(entry));
  }
}

/** What the other programs of the cases print. */
function writeDocuments(home: string, { accessKeyId, secretAccessKey, sessionToken, expiresAt }: IssuedKey): void {
  const keys = { Version: 1, AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken };
  const end = (at: number) => new Date(at).toISOString().replace(/\.\d+Z/, 'Z');
  const documents = {
    temporary: { ...keys, Expiration: end(expiresAt) },
    unending: { Version: 1, AccessKeyId: users[1].accessKeyId, SecretAccessKey: users[1].secretAccessKey },
    ended: { ...keys, Expiration: end(expiresAt - 2 * 3_600_000) },
    broken: { ...keys, Version: 2 },
  };
  for (const [name, document] of Object.entries(documents)) writeFileSync(join(home, `${name}.json`), JSON.stringify(document));
}

/** As `aws login` leaves it for alice. */
function writeSignIn(home: string, { accessKeyId, secretAccessKey, sessionToken, expiresAt }: IssuedKey): void {
  const accessToken = {
    accessKeyId,
    secretAccessKey,
    sessionToken,
    accountId: '123456789012',
    expiresAt: new Date(expiresAt).toISOString(),
  };
  const entry = { accessToken, tokenType: 'aws_sigv4', refreshToken: 'r', idToken: 'i', clientId: 'c', dpopKey: 'k' };
  const name = createHash('sha256').update('arn:aws:iam::123456789012:user/alice').digest('hex');
  writeFileSync(join(home, '.aws', 'login', 'cache', `${name}.json`), JSON.stringify(entry));
}

interface Place {
  readonly one: Case;
  readonly home: string;
  readonly state: string;
}

async function judgeIn(aws: Aws, resolver: Resolver, { one, home, state }: Place): Promise<Verdict> {
  const { sts, words } = aws;
  const filled = (text: string) => text.replace(/\$([A-Z_]+)/g, (all, name: string) => words[name] ?? all);
  writeFileSync(join(home, '.aws', 'config'), filled(one.config));
  writeFileSync(join(home, '.aws', 'credentials'), filled(one.credentials), { mode: 0o600 });
  const env = {
    ...surroundings(home, state),
    ...Object.fromEntries(Object.entries(one.env).map(([key, value]) => [key, filled(value)])),
  };
  const outcome = await resolver.resolve({ profile: one.profile, env, codes: codesAt(sts.now()) });
  const calls = aws.calls();
  if (outcome.kind === 'refused') return { ...outcome, calls };
  const principal = await principalOf(outcome.caller, sts);
  if (principal === undefined) return { kind: 'refused', why: 'AWS does not take what came out', calls };
  return { kind: 'works', principal, calls, start: outcome.start };
}

/** Nothing leads out of this machine: whoever forgets the doubles meets a proxy that does not answer. */
function surroundings(home: string, state: string): Readonly<Record<string, string>> {
  return {
    HOME: home,
    PATH: process.env['PATH'] ?? '',
    XDG_STATE_HOME: state,
    ROLEKEEPER_RUNTIME_DIR: join(home, 'run'),
    HTTPS_PROXY: 'http://127.0.0.1:9',
    AWS_MAX_ATTEMPTS: '1',
    AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:9',
  };
}

function codesAt(now: number): readonly string[] {
  const seed = decodeSeed(users[0]?.mfa?.seed ?? '');
  // Two at most are of use; botocore asks for one at each role.
  return [0, 1, 1, 1].map((later) => totpCode(seed, stepAt(now) + later));
}

function callOf({ operation, params, outcome }: DoubleCall): Call {
  return { operation, params, outcome };
}

/** Undefined for keys that AWS does not take. */
async function principalOf(caller: StsCaller, { url }: StsDouble): Promise<string | undefined> {
  const endpoint = { region: 'eu-west-1', url, useFips: false, useDualstack: false, useGlobal: false };
  try {
    const { arn } = await createSts({ clock: learningClock() }).getCallerIdentity({ caller, endpoint, network: {} });
    return arn;
  } catch (error) {
    if (isAppError(error, 'aws-refused')) return undefined;
    throw error;
  }
}
