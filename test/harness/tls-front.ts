// HTTPS in front of a plain server, with a certificate authority of its own; and an HTTPS proxy that keeps a log.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';

export interface TlsFront {
  /** `https://localhost:PORT` */
  readonly url: string;
  /** A PEM file with the authority that signed the front's certificate. */
  readonly caPath: string;
  readonly key: Buffer;
  readonly cert: Buffer;
  stop(): Promise<void>;
}

/** Speaks TLS as `localhost` and passes everything on to the given URL's port. */
export async function startTlsFront(plainUrl: string): Promise<TlsFront> {
  const directory = mkdtempSync(join(tmpdir(), 'rolekeeper-tls-'));
  makeCertificates(directory);
  const key = readFileSync(join(directory, 'leaf.key'));
  const cert = readFileSync(join(directory, 'leaf.pem'));
  const server = createTlsServer({ key, cert }, (socket) =>
    joinSockets(socket, connect(Number(new URL(plainUrl).port), '127.0.0.1')),
  );
  const { port, stop } = await listen(server);
  return {
    url: `https://localhost:${port}`,
    caPath: join(directory, 'ca.pem'),
    key,
    cert,
    stop: async () => {
      await stop();
      rmSync(directory, { recursive: true });
    },
  };
}

export interface ProxyDouble {
  readonly port: number;
  /** `CONNECT` targets in order, each with the user and password that came along. */
  readonly tunnels: { readonly target: string; readonly credentials?: string }[];
  stop(): Promise<void>;
}

/** Opens every tunnel to this machine; answers `status` instead when one is given. */
export async function startProxy({ status }: { readonly status?: number } = {}): Promise<ProxyDouble> {
  const tunnels: { target: string; credentials?: string }[] = [];
  const server = createHttpServer();
  server.on('connect', (request, socket: Socket) => {
    const basic = /^Basic (.*)$/.exec(request.headers['proxy-authorization'] ?? '')?.[1];
    const target = request.url ?? '';
    tunnels.push({ target, ...(basic === undefined ? {} : { credentials: Buffer.from(basic, 'base64').toString() }) });
    if (status !== undefined) {
      socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
      return;
    }
    const upstream = connect(Number(target.split(':').at(-1)), '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    joinSockets(socket, upstream);
  });
  const { port, stop } = await listen(server);
  return { port, tunnels, stop };
}

function joinSockets(left: Socket, right: Socket): void {
  left.pipe(right).pipe(left);
  left.on('error', () => right.destroy());
  right.on('error', () => left.destroy());
}

async function listen(server: Server): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: portOf(server.address()),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}

function makeCertificates(directory: string): void {
  const openssl = (...args: readonly string[]) => {
    try {
      execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
    } catch (error) {
      throw new Error('openssl failed; on Debian: apt-get install openssl', { cause: error });
    }
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Test CA', '-days', '3650');
  openssl(
    'req',
    ...key,
    '-keyout',
    'leaf.key',
    '-out',
    'leaf.csr',
    '-subj',
    '/CN=localhost',
    '-addext',
    'subjectAltName=DNS:localhost',
  );
  openssl(
    'x509',
    '-req',
    '-in',
    'leaf.csr',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-copy_extensions',
    'copy',
    '-days',
    '3650',
    '-out',
    'leaf.pem',
  );
}
