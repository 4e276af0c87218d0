// A stand-in for AWS STS, and a little of IAM, on the loopback interface: the demo's AWS, and the tests'. It refuses what AWS refuses, in AWS's words.
// Everything in it is made up; it never talks to anybody else.

import { setMaxListeners } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type IamOperationName, isIamOperation, performIam } from './iam-double.ts';
import { checkSignature, type ReceivedRequest } from './sigv4-check.ts';
import { type ActionResult, perform, roleResult } from './sts-double-actions.ts';
import { createFaultList, type Fault, type FaultList, type Reply, sendWithFault } from './sts-double-faults.ts';
import { isFederatedOperation, performFederated } from './sts-double-federation.ts';
import { isOperation, type OperationName } from './sts-double-operations.ts';
import { Refusal } from './sts-double-refusal.ts';
import {
  accountOf,
  createWorld,
  type DoubleProvider,
  type DoubleRole,
  type DoubleUser,
  type IssuedKey,
  lastPart,
  type Principal,
  type World,
} from './sts-double-world.ts';
import { iamNamespace, refusalXml, resultXml, stsNamespace } from './sts-double-xml.ts';
import { decodeSeed, stepAt, totpCode } from './totp.ts';

export interface StsDoubleOptions {
  readonly users: readonly DoubleUser[];
  readonly roles: readonly DoubleRole[];
  /** None when absent. */
  readonly providers?: readonly DoubleProvider[];
  /** Milliseconds since 1970; the real clock when absent. */
  readonly clock?: () => number;
  /** How far a signature's time may be off. 15, as STS has it, when absent. */
  readonly skewMinutes?: number;
  /** Regions that signatures may be scoped to; any when absent. */
  readonly regions?: readonly string[];
  /** How long a new access key is unknown, as IAM is eventually consistent. 0 when absent. */
  readonly newKeyDelayMs?: number;
}

/** A running double. All control is in this process; other processes use the URL. */
export interface StsDouble {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  /** Requests received for each operation of STS, refused ones and faults included. */
  calls(): Readonly<Record<OperationName, number>>;
  /** Every request in the order of arrival. Holds no secret. */
  log(): readonly DoubleCall[];
  /** The double's own time. */
  now(): number;
  /** Moves the double's clock, and with it every expiry; negative goes back. */
  advance(ms: number): void;
  fault(fault: Fault): void;
  clearFaults(): void;
  /** A code that the user's device shows and that was not used yet: this step's, else the next one's. Throws when both are spent. */
  totp(userNameOrArn: string): string;
  /** Credentials of a role that another service of AWS has given, which may assume every role. */
  issueRole(roleArn: string, sessionName: string, lifeSeconds: number): Omit<IssuedKey, 'principal'>;
  /** From now on this access key, long-term or issued, is unknown. */
  revoke(accessKeyId: string): void;
  /** The user's long-term keys as IAM has them, oldest first. */
  accessKeys(userNameOrArn: string): readonly DoubleAccessKey[];
  /** Credentials of a role, as the service of a machine hands them out: without a call, for an hour. */
  issue(roleArn: string, sessionName: string): IssuedKey;
  /** Makes one, as somebody at the console would. Returns its id. */
  createAccessKey(userNameOrArn: string): string;
  setAccessKey(accessKeyId: string, isActive: boolean): void;
  /** Ends all connections. */
  stop(): Promise<void>;
}

export interface DoubleAccessKey {
  readonly accessKeyId: string;
  readonly isActive: boolean;
}

export interface DoubleCall {
  readonly at: number;
  readonly operation: OperationName | IamOperationName | 'unknown';
  /** `ok`, AWS's error code, or `fault NAME` where the call was never performed. */
  readonly outcome: string;
  /** Who signed, as far as the signature was right. */
  readonly callerArn?: string;
  /** Without codes, tokens and assertions. */
  readonly params: Readonly<Record<string, string>>;
  /** Of the signature; absent where there was none. */
  readonly region?: string;
  readonly userAgent?: string;
  readonly issuedAccessKeyId?: string;
  readonly expiresAt?: number;
}

/** Listens on a free port of 127.0.0.1. */
export async function startStsDouble(options: StsDoubleOptions): Promise<StsDouble> {
  let offsetMs = 0;
  const clock = options.clock ?? Date.now;
  const now = () => clock() + offsetMs;
  const { users, roles, regions, skewMinutes = 15, newKeyDelayMs = 0, providers = [] } = options;
  const world = createWorld({
    users,
    roles,
    now,
    skewMinutes,
    newKeyDelayMs,
    providers,
    ...(regions === undefined ? {} : { regions }),
  });
  const calls: DoubleCall[] = [];
  const faults = createFaultList();
  const { url, stop } = await listen({ world, calls, faults });
  return {
    url,
    calls: () => ({
      AssumeRole: countOf(calls, 'AssumeRole'),
      GetSessionToken: countOf(calls, 'GetSessionToken'),
      GetCallerIdentity: countOf(calls, 'GetCallerIdentity'),
      AssumeRoleWithWebIdentity: countOf(calls, 'AssumeRoleWithWebIdentity'),
      AssumeRoleWithSAML: countOf(calls, 'AssumeRoleWithSAML'),
    }),
    log: () => [...calls],
    now,
    advance: (ms) => {
      offsetMs += ms;
    },
    fault: faults.add,
    clearFaults: faults.clear,
    totp: (userNameOrArn) => unusedCode(world, userNameOrArn),
    issueRole: (roleArn, sessionName, lifeSeconds) => world.issue(rolePrincipal(world, roleArn, sessionName), lifeSeconds),
    revoke: world.revoke,
    accessKeys: (userNameOrArn) =>
      world.userKeys(userOf(world, userNameOrArn).arn).map(({ accessKeyId, isActive }) => ({ accessKeyId, isActive })),
    issue: (arn, roleSessionName) => {
      const role = world.findRole(arn);
      if (role === undefined) throw new Error(`the double has no role ${arn}`);
      return roleResult(role, { roleArn: arn, roleSessionName, durationSeconds: 3600, policyArns: [], tagKeys: [] }, world)
        .issued;
    },
    createAccessKey: (userNameOrArn) => world.createUserKey(userOf(world, userNameOrArn).arn).accessKeyId,
    setAccessKey: world.setUserKey,
    stop,
  };
}

interface Desk {
  readonly world: World;
  readonly calls: DoubleCall[];
  readonly faults: FaultList;
}

async function listen(desk: Desk): Promise<Pick<StsDouble, 'url' | 'stop'>> {
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal); // as many as there are slow calls
  const server = createServer((request, response) => {
    serve(request, response, { ...desk, stopped: stopping.signal }).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  const stop = () =>
    new Promise<void>((resolve) => {
      stopping.abort();
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${address.port}`, stop };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  desk: Desk & { readonly stopped: AbortSignal },
): Promise<void> {
  const received = await receive(request);
  const form = new URLSearchParams(received.body);
  const action = form.get('Action');
  const operation = isOperation(action) || isIamOperation(action) ? action : undefined;
  const fault = desk.faults.take(operation);
  response.sendDate = false;
  response.setHeader('date', new Date(desk.world.now()).toUTCString());
  const index = desk.calls.push({
    at: desk.world.now(),
    operation: operation ?? 'unknown',
    outcome: `fault ${fault?.kind ?? ''}`.trim(),
    params: paramsOf(form),
    userAgent: received.headers['user-agent'] ?? '',
  });
  const performCall = async () => {
    const { reply, noted } = await answer(received, form, { ...desk, operation });
    const entry = desk.calls[index - 1];
    if (entry !== undefined) desk.calls[index - 1] = { ...entry, ...noted };
    return reply;
  };
  await sendWithFault(fault, { response, performCall, stopped: desk.stopped });
}

async function answer(
  received: ReceivedRequest,
  form: URLSearchParams,
  { world, operation }: Desk & { readonly operation: OperationName | IamOperationName | undefined },
): Promise<{ readonly reply: Reply; readonly noted: Partial<DoubleCall> }> {
  const region = /Credential=[^/]+\/\d+\/([^/]+)\//.exec(received.headers['authorization'] ?? '')?.[1];
  const scope = region === undefined ? {} : { region };
  let caller: { callerArn?: string } = {};
  const isIam = operation !== undefined && isIamOperation(operation);
  const namespace = isIam ? iamNamespace : stsNamespace;
  try {
    if (received.method !== 'POST') throw new Refusal('InvalidAction', 'only POST is answered here', 400);
    if (operation !== undefined && isFederatedOperation(operation)) {
      const { fields, issued } = performFederated(operation, form, world);
      return {
        reply: { status: 200, body: resultXml(operation, fields) },
        noted: { outcome: 'ok', ...scope, issuedAccessKeyId: issued.accessKeyId, expiresAt: issued.expiresAt },
      };
    }
    const { regions, skewMinutes } = world;
    const key = await checkSignature(received, {
      findKey: world.findKey,
      nowMs: world.now(),
      skewMinutes,
      service: isIam ? 'iam' : 'sts',
      ...(regions === undefined ? {} : { regions }),
    });
    caller = { callerArn: key.principal.arn };
    if (operation === undefined)
      throw new Refusal('InvalidAction', `Could not find operation ${form.get('Action')} for version 2011-06-15`, 400);
    const at = { world, caller: key.principal };
    const { fields, issued }: ActionResult = isIamOperation(operation)
      ? { fields: performIam(operation, form, at) }
      : perform(operation, form, at);
    return {
      reply: { status: 200, body: resultXml(operation, fields, namespace) },
      noted: {
        outcome: 'ok',
        ...caller,
        ...scope,
        ...(issued === undefined ? {} : { issuedAccessKeyId: issued.accessKeyId, expiresAt: issued.expiresAt }),
      },
    };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return {
      reply: { status: error.status, body: refusalXml(error, namespace) },
      noted: { outcome: error.code, ...caller, ...scope },
    };
  }
}

async function receive(request: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > 1_000_000) throw new Error('request too long');
    chunks.push(chunk);
  }
  const headers = Object.entries(request.headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(',') : (value ?? ''),
  ]);
  return {
    method: request.method ?? '',
    path: request.url ?? '/',
    headers: Object.fromEntries(headers),
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

const unloggedParams: ReadonlySet<string> = new Set(['Action', 'Version', 'TokenCode', 'WebIdentityToken', 'SAMLAssertion']);

function paramsOf(form: URLSearchParams): Readonly<Record<string, string>> {
  return Object.fromEntries([...form].filter(([name]) => !unloggedParams.has(name)));
}

function countOf(calls: readonly DoubleCall[], operation: OperationName): number {
  return calls.filter((call) => call.operation === operation).length;
}

function userOf(world: World, userNameOrArn: string): DoubleUser {
  const user = world.findUser(userNameOrArn);
  if (user === undefined) throw new Error(`the double has no user ${userNameOrArn}`);
  return user;
}

function rolePrincipal(world: World, roleArn: string, sessionName: string): Principal {
  const accountId = accountOf(roleArn);
  return {
    kind: 'role',
    arn: `arn:aws:sts::${accountId}:assumed-role/${lastPart(roleArn)}/${sessionName}`,
    userId: `${world.uniqueId('AROA', roleArn)}:${sessionName}`,
    accountId,
    policyArn: roleArn,
    mayAssume: ['*'],
    isMfaPresent: false,
  };
}

function unusedCode(world: World, userNameOrArn: string): string {
  const mfa = world.findUser(userNameOrArn)?.mfa;
  if (mfa === undefined) throw new Error(`the double has no MFA device for ${userNameOrArn}`);
  const now = stepAt(world.now());
  const step = [now, now + 1].find((candidate) => !world.isUsed(mfa.serial, candidate));
  if (step === undefined) throw new Error('both codes are spent; advance the clock by 30 seconds');
  return totpCode(decodeSeed(mfa.seed), step);
}
