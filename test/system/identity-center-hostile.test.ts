// Whoever answers for IAM Identity Center: says back what it was sent, or numbers and texts that make no sense.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { SignIn } from '../../src/config/sign-in.ts';
import { isEpochMs } from '../../src/credentials/credentials.ts';
import { Secret } from '../../src/credentials/secret.ts';
import { AppError, isAppError } from '../../src/errors.ts';
import type { TokenGrant } from '../../src/ports/identity-center.ts';
import { createPortal } from '../../src/system/portal.ts';
import { createSignInService } from '../../src/system/sign-in-service.ts';
import { learningClock } from '../harness/sts-world.ts';

const secrets = {
  clientSecret: 'CsCsecretOfTheClient/+0123456789',
  code: 'CoCodeOfTheBrowser-abcdefghijk',
  verifier: 'VeVerifierThatNeverLeft_lmnopqrstuvwxyz',
  deviceCode: 'DeDeviceCode-zyxwvutsrqponm',
  refreshToken: 'ReRefreshToken.9876543210.ABCDEFG==',
  accessToken: 'AcAccessToken/0987654321+HIJKLMNOP',
};
const client = { clientId: 'client', clientSecret: new Secret(secrets.clientSecret), expiresAt: 0, flow: 'browser' } as const;
const refreshGrant = { kind: 'refresh', refreshToken: new Secret(secrets.refreshToken) } as const;
const grants: readonly TokenGrant[] = [
  { kind: 'code', code: new Secret(secrets.code), verifier: new Secret(secrets.verifier), redirectUri: 'http://127.0.0.1:1/' },
  { kind: 'device', deviceCode: new Secret(secrets.deviceCode) },
  refreshGrant,
];

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** `answer` gets all that was sent, as one text. */
async function serve(answer: (sent: string, response: ServerResponse, request: IncomingMessage) => void) {
  const started = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (piece: string) => {
      body += piece;
    });
    request.on('end', () => answer(`${request.url} ${JSON.stringify(request.headers)} ${body}`, response, request));
  });
  server = started;
  await new Promise<void>((done) => started.listen(0, '127.0.0.1', done));
  const address = started.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  let passedMs = 0;
  const local = learningClock();
  const clock = {
    ...local,
    now: () => local.now() + passedMs,
    sleep: (ms: number) => {
      passedMs += ms;
    },
  };
  const endpoint = { region: 'eu-west-1', url, useFips: false, useDualstack: false };
  const signIn: SignIn = { startUrl: 'https://corp.awsapps.com/start', scopes: [], oidc: endpoint, portal: endpoint };
  const options = { clock, deadlineMs: 3000 };
  const [service, portal] = [createSignInService(options), createPortal(options)];
  const call = { network: {} };
  const portalCall = { ...call, endpoint, accessToken: new Secret(secrets.accessToken) };
  return {
    clock,
    register: () => service.register(signIn, 'device', call),
    startDevice: () => service.startDevice(signIn, client, call),
    exchange: (grant: TokenGrant) => service.exchange(grant, { signIn, client, call }),
    getRoleCredentials: () => portal.getRoleCredentials({ accountId: '111122223333', roleName: 'Admin' }, portalCall),
    listAccounts: () => portal.listAccounts(portalCall),
    listRoles: () => portal.listRoles('111122223333', portalCall),
    logout: () => portal.logout(portalCall),
  };
}

const json = { 'content-type': 'application/json' };

function reply(response: ServerResponse, fields: unknown, status = 200): void {
  response.writeHead(status, json).end(JSON.stringify(fields));
}

describe('an Identity Center that says back what it was sent', () => {
  const echoes: readonly (readonly [string, (sent: string, response: ServerResponse) => void])[] = [
    ['as its message', (sent, response) => reply(response, { message: sent }, 400)],
    ['as its message, cut off', (sent, response) => reply(response, { message: sent.slice(-500, -11) }, 400)],
    [
      'as a grant that is over',
      (sent, response) => reply(response, { __type: 'InvalidGrantException', error_description: sent }, 400),
    ],
    ['as the code of its error', (sent, response) => reply(response, { __type: sent.slice(-300) }, 400)],
    [
      'as a header',
      (sent, response) =>
        void response.writeHead(400, { ...json, 'x-amzn-errortype': sent.replace(/[^ -~]/g, '').slice(-300) }).end('{}'),
    ],
    [
      'as a host to go to',
      (sent, response) => {
        const host = (/(?:secret|token|bearer)[^a-z]*":"([^"]+)/i.exec(sent)?.[1] ?? 'x').replace(/[^A-Za-z0-9]/g, '-');
        response.writeHead(302, { location: `https://${host}.example/` }).end();
      },
    ],
    ['as a web page', (sent, response) => void response.writeHead(200).end(`<html>${sent}`)],
    ['as what it has no words for', (sent, response) => reply(response, { message: sent }, 503)],
  ];

  it.each(echoes)('shows none of it: %s', async (_how, echo) => {
    const asked: string[] = [];
    const center = await serve((sent, response) => {
      asked.push(sent);
      echo(sent, response);
    });
    const endings = await Promise.all([
      ...[center.startDevice, center.getRoleCredentials, center.listRoles, center.logout].map((ask) => ask().catch(shown)),
      ...grants.map((grant) => center.exchange(grant).then((outcome) => JSON.stringify(outcome), shown)),
    ]);
    // Each of them was sent, so that it could have come back.
    for (const secret of Object.values(secrets)) expect(asked.some((sent) => sent.includes(secret))).toBe(true);
    for (const ending of endings) {
      expect(ending).toMatch(/[a-z]/);
      for (const secret of Object.values(secrets)) expect(piecesIn(String(ending), secret)).toEqual([]);
      expect(String(ending).length).toBeLessThan(1200);
    }
  });
});

// Such a refresh token was taken for one that is over, and thrown away: somebody had to sign in again.
it.each(['SlowDownException', 'AuthorizationPendingException', 'InternalServerException'])(
  'a refresh token that is answered with %s is not over',
  async (code) => {
    const center = await serve((_sent, response) => reply(response, { __type: code, error_description: 'later' }, 400));
    await expect(center.exchange(refreshGrant)).rejects.toMatchObject({ code: 'aws-refused', exitStatus: 6 });
  },
);

// As with STS: a laptop that was closed in the middle of a call took the Date of the evening for the time of the morning.
it('a reply that came before a sleep does not turn the clock back', async () => {
  const center = await serve((_sent, response) => {
    reply(response, { message: 'no' }, 400);
    center.clock.sleep(12 * 3_600_000);
  });
  await center.listRoles().catch(() => undefined); // refused, with a Date
  expect(center.clock.learnt).toHaveLength(1);
  expect(Math.abs((center.clock.learnt[0] ?? 0) - Date.now() - 12 * 3_600_000)).toBeLessThan(4_000);
});

describe('an Identity Center whose numbers make no sense', () => {
  const day = 86_400_000;
  const odd = [0, -1, Number.MAX_VALUE, '3600', 'soon', null, {}, [3600], true];

  it.each(odd)('a token that lasts %j seconds is none, or one with a time that can be kept', async (expiresIn) => {
    const center = await serve((_sent, response) => reply(response, { accessToken: 'a', expiresIn }));
    const outcome = await networkOr(center.exchange(refreshGrant));
    if (outcome === undefined) return;
    const end = outcome.kind === 'issued' ? outcome.tokens.accessExpiresAt : expect.fail(outcome.kind);
    expect(isEpochMs(end) && end <= center.clock.now() + 90 * day).toBe(true);
  });

  it.each([...odd, 9.9e15])('a registration until %j is none, or one with a time that can be kept', async (end) => {
    const fields = { clientId: 'c', clientSecret: 's', clientSecretExpiresAt: end };
    const center = await serve((_sent, response) => reply(response, fields));
    const registered = await networkOr(center.register());
    expect(registered === undefined || isEpochMs(registered.expiresAt)).toBe(true);
  });

  it.each([...odd, 253_402_300_800_000_000, 1.5, '2030-01-01T00:00:00Z', 1_900_000_000])(
    'credentials that end at %j are none, or can be kept',
    async (expiration) => {
      const roleCredentials = { accessKeyId: 'ASIA', secretAccessKey: 's', sessionToken: 't', expiration };
      const center = await serve((_sent, response) => reply(response, { roleCredentials }));
      const credentials = await networkOr(center.getRoleCredentials());
      expect(credentials === undefined || isEpochMs(credentials.expiresAt)).toBe(true);
    },
  );

  it('credentials whose reply was slept through until they had ended are asked for once more', async () => {
    const moments = [Date.now() - 1_000, Date.now() + 3_600_000];
    const center = await serve((_sent, response) => {
      const roleCredentials = { accessKeyId: 'ASIA', secretAccessKey: 's', sessionToken: 't', expiration: moments.shift() };
      reply(response, { roleCredentials });
    });
    expect((await center.getRoleCredentials()).expiresAt).toBeGreaterThan(Date.now());
    expect(moments).toEqual([]);
  });

  const device = { deviceCode: 'd', userCode: 'ABCD-EFGH', verificationUri: 'https://device.example/', expiresIn: 600 };

  it.each([0, -5, 0.001, Number.MAX_VALUE, 'often'])(
    'a device that may ask every %j seconds is neither a flood nor for ever',
    async (interval) => {
      const center = await serve((_sent, response) => reply(response, { ...device, interval }));
      const { intervalMs } = await center.startDevice();
      expect(intervalMs >= 1000 && intervalMs <= 60_000).toBe(true);
    },
  );

  it.each([
    ['a code that nobody could type', { userCode: 'A'.repeat(65) }],
    ['orders to the terminal', { userCode: '\u001b[2J' }],
    ['an address that no camera could read', { verificationUriComplete: `https://device.example/${'a'.repeat(1001)}` }],
    ['an address that is no page of the web', { verificationUri: 'file:///etc/passwd' }],
    ['an end that is over', { expiresIn: -1 }],
  ])('a device with %s is none', async (_what, more) => {
    const center = await serve((_sent, response) => reply(response, { ...device, ...more }));
    await expect(center.startDevice()).rejects.toMatchObject({ code: 'network' });
  });

  it('a device without an end is given up after an hour', async () => {
    const center = await serve((_sent, response) => reply(response, { ...device, expiresIn: Number.MAX_SAFE_INTEGER }));
    expect((await center.startDevice()).expiresAt - center.clock.now()).toBeLessThanOrEqual(3_600_000);
  });
});

/** Undefined for what is taken for no reply of the service. */
async function networkOr<T>(asking: Promise<T>): Promise<T | undefined> {
  try {
    return await asking;
  } catch (error) {
    if (!isAppError(error, 'network')) throw error;
    return undefined;
  }
}

/** All that becomes of a failure: stderr, the state, the agent's answers. */
function shown(error: unknown): string {
  if (!(error instanceof AppError)) throw error;
  return `${error.message} ${error.hint} ${JSON.stringify(error.toStored())}`;
}

function piecesIn(text: string, secret: string): readonly string[] {
  const pieces = Array.from({ length: secret.length - 9 }, (_, at) => secret.slice(at, at + 10));
  return pieces.filter((piece) => text.toLowerCase().includes(piece.toLowerCase()));
}
