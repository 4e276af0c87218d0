// Stands between the programs and the double of STS, and notes who asked for what, from when to when, and what was issued. Changes nothing.

import { connect, createServer, type Server, type Socket } from 'node:net';
import { otherEndOf } from './other-end.ts';

/** One connection with one call of STS. */
export interface Flight {
  readonly operation: string;
  /** What makes two calls the same hop: all parameters but the code. */
  readonly key: string;
  readonly roleArn: string | undefined;
  /** Of the process that asked; undefined when it was gone at once. */
  readonly pid: number | undefined;
  /** On the monotonic clock, as all times here. */
  readonly startedAt: number;
  /** Undefined while it is under way. */
  readonly endedAt: number | undefined;
  readonly issued: Issued | undefined;
}

export interface Issued {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiresAt: number;
  /** When the reply was whole. */
  readonly at: number;
  readonly roleArn: string | undefined;
  /** As it was asked for. */
  readonly seconds: number;
}

export interface WireTap {
  readonly url: string;
  /** All that were, and those under way; oldest first. */
  flights(): readonly Flight[];
  /** By access key id. */
  issued(accessKeyId: string): Issued | undefined;
  /** Every secret access key and session token that passed, IAM's new keys among them. */
  secrets(): readonly string[];
  close(): Promise<void>;
}

export async function openWireTap(target: string): Promise<WireTap> {
  const flights: OpenFlight[] = [];
  const byKey = new Map<string, Issued>();
  const secrets = new Set<string>();
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(new URL(target).port), '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy()); // killed programs and faults of the double: the other side sees the end
      socket.once('close', () => sockets.delete(socket));
    }
    tap(near, far, { flights, byKey, secrets });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    flights: () => flights,
    issued: (accessKeyId) => byKey.get(accessKeyId),
    secrets: () => [...secrets],
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}

type OpenFlight = { -readonly [Name in keyof Flight]: Flight[Name] };

interface Notes {
  readonly flights: OpenFlight[];
  readonly byKey: Map<string, Issued>;
  readonly secrets: Set<string>;
}

/** More than any honest request or reply. */
const keptBytes = 65_536;

function tap(near: Socket, far: Socket, { flights, byKey, secrets }: Notes): void {
  const heard = { asked: '', answered: '' };
  let flight: OpenFlight | undefined;
  const end = () => {
    if (flight !== undefined) flight.endedAt ??= performance.now();
    near.destroy();
    far.destroy();
  };
  near.on('data', (chunk) => {
    far.write(chunk);
    heard.asked = (heard.asked + chunk.toString('latin1')).slice(0, keptBytes);
    if (flight !== undefined) return;
    flight = flightOf(heard.asked, near);
    if (flight !== undefined) flights.push(flight);
  });
  far.on('data', (chunk) => {
    near.write(chunk);
    heard.answered = (heard.answered + chunk.toString('latin1')).slice(0, keptBytes);
    for (const secret of secretsIn(heard.answered)) secrets.add(secret);
    if (flight === undefined || flight.issued !== undefined) return;
    flight.issued = issuedIn(heard.answered, flight);
    if (flight.issued !== undefined) byKey.set(flight.issued.accessKeyId, flight.issued);
  });
  near.once('close', end);
  far.once('close', end);
  near.once('end', () => far.end());
  far.once('end', () => near.end());
}

/** Undefined until the request is whole. */
function flightOf(asked: string, near: Socket): OpenFlight | undefined {
  const [head = '', body] = asked.split('\r\n\r\n', 2);
  const length = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? Number.NaN);
  if (body === undefined || !(body.length >= length)) return undefined;
  const form = new URLSearchParams(body);
  form.delete('TokenCode');
  form.sort();
  return {
    operation: form.get('Action') ?? 'unknown',
    key: form.toString(),
    roleArn: form.get('RoleArn') ?? undefined,
    pid: otherEndOf(near),
    startedAt: performance.now(),
    endedAt: undefined,
    issued: undefined,
  };
}

function secretsIn(answered: string): readonly string[] {
  return [...answered.matchAll(/<(SecretAccessKey|SessionToken)>([^<]+)<\/\1>/g)].map(([, , secret = '']) => secret);
}

function issuedIn(answered: string, { roleArn, key }: OpenFlight): Issued | undefined {
  if (!answered.includes('</Credentials>')) return undefined;
  const field = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(answered)?.[1];
  const [accessKeyId, secretAccessKey, sessionToken] = [field('AccessKeyId'), field('SecretAccessKey'), field('SessionToken')];
  const expiresAt = Date.parse(field('Expiration') ?? '');
  if (accessKeyId === undefined || secretAccessKey === undefined || sessionToken === undefined) return undefined;
  const seconds = Number(new URLSearchParams(key).get('DurationSeconds'));
  return { accessKeyId, secretAccessKey, sessionToken, expiresAt, at: performance.now(), roleArn, seconds };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}
