// The services that hand out a machine's own credentials, on the loopback interface: instance metadata and a container's endpoint. As
// strict as AWS's: no metadata without a session token that is known, no credentials without the right authorization.

import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { IssuedKey } from '../../src/sandbox/sts-double-world.ts';

export interface MachineService {
  readonly url: string;
  /** Method, path and status of each request. */
  readonly log: readonly string[];
  /** What a container must send along from now on. */
  authorization: string;
  /** Version 1: no session tokens, and none needed. */
  isOld: boolean;
  stop(): Promise<void>;
}

/** `issue` makes the credentials: STS must know them. */
export async function startMachineService(issue: () => IssuedKey): Promise<MachineService> {
  const log: string[] = [];
  const instance = instanceMetadata(issue);
  const server = createServer((request, response) => {
    const isContainer = request.url === '/container';
    const { status, body } = isContainer ? container(request, service, issue) : instance(request, service);
    log.push(`${request.method} ${request.url} ${status}`);
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  const service: MachineService = {
    url: `http://127.0.0.1:${address.port}`,
    log,
    authorization: 'Basic first',
    isOld: false,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return service;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

const refused: Answer = { status: 401, body: '' };
const rolePath = '/latest/meta-data/iam/security-credentials/';

function container({ method, headers }: IncomingMessage, { authorization }: MachineService, issue: () => IssuedKey): Answer {
  return method === 'GET' && headers.authorization === authorization ? { status: 200, body: documentOf(issue()) } : refused;
}

function instanceMetadata(issue: () => IssuedKey) {
  const tokens = new Set<string>();
  const giveToken = ({ method, headers }: IncomingMessage): Answer => {
    const token = newToken(method, headers['x-aws-ec2-metadata-token-ttl-seconds']);
    if (token === undefined) return { status: 400, body: '' };
    tokens.add(token);
    return { status: 200, body: token };
  };
  const bodies = new Map([
    [rolePath, () => 'Machine'],
    [`${rolePath}Machine`, () => documentOf(issue())],
  ]);
  return (request: IncomingMessage, { isOld }: MachineService): Answer => {
    const { method, url = '', headers } = request;
    if (url === '/latest/api/token' && !isOld) return giveToken(request);
    const isKnown = isOld || tokens.has(String(headers['x-aws-ec2-metadata-token']));
    const body = bodies.get(url)?.();
    if (body === undefined) return { status: 404, body: '' };
    return method === 'GET' && isKnown ? { status: 200, body } : refused;
  };
}

function newToken(method: string | undefined, ttl: string | string[] | undefined): string | undefined {
  const seconds = Number(ttl);
  return method === 'PUT' && seconds >= 1 && seconds <= 21_600 ? randomBytes(40).toString('base64') : undefined;
}

function documentOf({ accessKeyId, secretAccessKey, sessionToken, expiresAt }: IssuedKey): string {
  const Expiration = new Date(expiresAt).toISOString().replace('.000Z', 'Z');
  return JSON.stringify({
    Code: 'Success',
    Type: 'AWS-HMAC',
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    Token: sessionToken,
    Expiration,
  });
}
