// A stand-in for IAM Identity Center on the loopback interface: its sign-in service and its access portal. It refuses what AWS refuses, with
// AWS's codes. All its people are one person, who allows, denies or waits as the test says.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Assignment, listPage, type PortalPage } from './identity-center-portal.ts';
import { Refused } from './identity-center-refused.ts';
import { createSignInDesk, type Person, type SignInDesk } from './identity-center-sign-in.ts';

export interface IdentityCenterOptions {
  readonly startUrl?: string;
  /** Accounts with the roles that the person has in them. */
  readonly accounts: readonly Assignment[];
  /** Makes credentials that an STS double knows. */
  readonly issue: (role: { readonly accountId: string; readonly roleName: string }, lifeSeconds: number) => IssuedKeys;
  readonly now: () => number;
  /** How long the organisation lets a sign-in last. */
  readonly sessionSeconds?: number;
  readonly accessSeconds?: number;
  readonly roleSeconds?: number;
  /** Entries on one page of a list, whatever is asked for. */
  readonly pageSize?: number;
  /** False: an organisation, or scopes, without refresh tokens. */
  readonly givesRefreshTokens?: boolean;
}

export interface IssuedKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiresAt: number;
}

export interface IdentityCenterDouble {
  readonly url: string;
  readonly startUrl: string;
  /** What the person does with the page, or on the device, from now on; `allows` at first. */
  person(does: Person): void;
  /** How often each operation was asked for, refused calls included. */
  calls(): Readonly<Record<string, number>>;
  /** The organisation, or the person at the portal, ends every sign-in. */
  endSignIns(): void;
  /** Nobody is registered any more. */
  forgetClients(): void;
  /** So many requests of this operation are told to come back later. */
  throttle(operation: string, times: number): void;
  /** An access token as another program's login would have got it. */
  accessToken(): string;
  /** From now on, or no more: every request is refused with all that was sent, as its message and as its code. */
  sayBack(isOn: boolean): void;
  /** All that was ever given out and must not be shown, but for the credentials of roles. */
  secrets(): readonly string[];
  stop(): Promise<void>;
}

export async function startIdentityCenter(options: IdentityCenterOptions): Promise<IdentityCenterDouble> {
  const startUrl = options.startUrl ?? 'https://corp.awsapps.com/start';
  const calls: Record<string, number> = {};
  const throttled: Record<string, number> = {};
  const manner = { saysBack: false };
  const desk = createSignInDesk({
    ...{ startUrl, now: options.now, url: () => url, givesRefreshTokens: options.givesRefreshTokens ?? true },
    sessionSeconds: options.sessionSeconds ?? 8 * 3600,
    accessSeconds: options.accessSeconds ?? 3600,
  });
  const server = createServer((request, response) => {
    void serve(request, response, { options, desk, calls, throttled, manner }).catch(() => response.destroy());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  return {
    url,
    startUrl,
    person: desk.person,
    calls: () => ({ ...calls }),
    endSignIns: desk.endSignIns,
    forgetClients: desk.forgetClients,
    throttle: (operation, times) => {
      throttled[operation] = times;
    },
    accessToken: desk.accessToken,
    sayBack: (isOn) => {
      manner.saysBack = isOn;
    },
    secrets: desk.secrets,
    stop: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

interface Office {
  readonly options: IdentityCenterOptions;
  readonly desk: SignInDesk;
  readonly calls: Record<string, number>;
  readonly throttled: Record<string, number>;
  readonly manner: { readonly saysBack: boolean };
}

type Reply = { readonly json: unknown } | { readonly location: string } | { readonly page: string };

const operations: Readonly<Record<string, string>> = {
  'POST /client/register': 'RegisterClient',
  'GET /authorize': 'Authorize',
  'POST /device_authorization': 'StartDeviceAuthorization',
  'POST /token': 'CreateToken',
  'GET /federation/credentials': 'GetRoleCredentials',
  'GET /assignment/accounts': 'ListAccounts',
  'GET /assignment/roles': 'ListAccountRoles',
  'POST /logout': 'Logout',
};

async function serve(request: IncomingMessage, response: ServerResponse, office: Office): Promise<void> {
  const asked = new URL(request.url ?? '/', 'http://double');
  const operation = operations[`${request.method ?? ''} ${asked.pathname}`] ?? 'unknown';
  office.calls[operation] = (office.calls[operation] ?? 0) + 1;
  const body = await read(request);
  response.sendDate = false;
  response.setHeader('date', new Date(office.options.now()).toUTCString());
  if (office.manner.saysBack) return sayBack(`${request.url} ${JSON.stringify(request.headers)} ${body}`, response);
  try {
    refuseThrottled(operation, office);
    const reply = answer(operation, { asked, body, headers: request.headers }, office);
    if ('location' in reply) response.writeHead(302, { location: reply.location }).end();
    else if ('page' in reply) response.writeHead(200, { 'content-type': 'text/html' }).end(reply.page);
    else
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(reply.json === undefined ? '' : JSON.stringify(reply.json));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    response
      .writeHead(error.status, {
        'content-type': 'application/json',
        'x-amzn-errortype': `${error.code}:http://internal.amazon.com/`,
      })
      .end(JSON.stringify(error.document));
  }
}

function refuseThrottled(operation: string, { throttled }: Office): void {
  const left = throttled[operation] ?? 0;
  if (left === 0) return;
  throttled[operation] = left - 1;
  throw new Refused('TooManyRequestsException', 'HTTP 429 Unknown Code', 429);
}

function sayBack(sent: string, response: ServerResponse): void {
  const errortype = sent.slice(-100).replace(/[^!-~]/g, '');
  response
    .writeHead(400, { 'content-type': 'application/json', 'x-amzn-errortype': errortype })
    .end(JSON.stringify({ message: `you sent ${sent}`, error: sent, error_description: `you sent ${sent}` }));
}

interface Asked {
  readonly asked: URL;
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}

function answer(operation: string, { asked, body, headers }: Asked, { options, desk }: Office): Reply {
  const query = (name: string) => asked.searchParams.get(name) ?? '';
  const json = () => parse(body, headers['content-type']);
  const page = (): PortalPage => ({ token: query('next_token'), size: options.pageSize ?? 100, asked: query('max_result') });
  // Everything below needs the person's access token.
  const account = () => {
    desk.checkAccess(headers['x-amz-sso_bearer_token']);
    const found = options.accounts.find(({ accountId }) => accountId === query('account_id'));
    if (found === undefined) throw new Refused('ForbiddenException', 'No access', 403);
    return found;
  };
  switch (operation) {
    case 'RegisterClient':
      return { json: desk.register(json()) };
    case 'Authorize':
      return desk.authorize(asked.searchParams);
    case 'StartDeviceAuthorization':
      return { json: desk.startDevice(json()) };
    case 'CreateToken':
      return { json: desk.createToken(json()) };
    case 'GetRoleCredentials': {
      const { accountId, roles } = account();
      const roleName = query('role_name');
      if (!roles.includes(roleName)) throw new Refused('ForbiddenException', 'No access', 403);
      const { expiresAt, ...keys } = options.issue({ accountId, roleName }, options.roleSeconds ?? 3600);
      return { json: { roleCredentials: { ...keys, expiration: expiresAt } } };
    }
    case 'ListAccounts': {
      desk.checkAccess(headers['x-amz-sso_bearer_token']);
      const all = options.accounts.map(({ accountId, name, email }) => ({ accountId, accountName: name, emailAddress: email }));
      const { items, nextToken } = listPage(all, page());
      return { json: { accountList: items, nextToken } };
    }
    case 'ListAccountRoles': {
      const { accountId, roles } = account();
      const { items, nextToken } = listPage(
        roles.map((roleName) => ({ roleName, accountId })),
        page(),
      );
      return { json: { roleList: items, nextToken } };
    }
    case 'Logout':
      desk.logout(headers['x-amz-sso_bearer_token']);
      return { json: undefined };
    default:
      throw new Refused('UnknownOperationException', `no such operation: ${asked.pathname}`, 404);
  }
}

function parse(body: string, contentType: string | undefined): Readonly<Record<string, unknown>> {
  const value: unknown = contentType?.startsWith('application/json') === true ? JSON.parse(body) : undefined;
  if (typeof value !== 'object' || value === null) throw new Refused('InvalidRequestException', 'no JSON', 400);
  return Object.fromEntries(Object.entries(value));
}

async function read(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
  return text;
}
