// Listens for callers: as many at once as the system will let wait, no more. Knows nothing of what they ask.

import { createServer, type Server, type Socket } from 'node:net';
import { serveConnection } from './connection.ts';
import type { AgentAnswer, AgentRequest } from './wire.ts';

export interface ServerPorts {
  readonly answer: (request: AgentRequest) => Promise<AgentAnswer>;
  /** What tells the socket at our path from one that somebody else made there. */
  readonly identity: () => string | undefined;
  readonly limits?: Partial<ServerLimits>;
}

export interface ServerLimits {
  readonly mostConnections: number;
  readonly requestWaitMs: number;
  readonly answerWaitMs: number;
}

/** A path of our own, or a listening socket that systemd opened. */
export type Place = { readonly path: string } | { readonly fd: number };

export interface AgentServer {
  /** Connections that have not ended. */
  readonly open: number;
  /** False when our socket was removed or replaced: no caller can come any more. */
  isReachable(): boolean;
  /** Takes no new callers; ends when the last has its answer, or after `waitMs`. */
  close(waitMs: number): Promise<void>;
}

const backlog = 512;
const usualLimits: ServerLimits = { mostConnections: 1_024, requestWaitMs: 2_000, answerWaitMs: 5_000 };

/** Throws what `listen` says, as it came. */
export async function listenAt(place: Place, { answer, identity, limits }: ServerPorts): Promise<AgentServer> {
  const { mostConnections, ...waits } = { ...usualLimits, ...limits };
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    void serveConnection(socket, { answer, ...waits }).then(() => sockets.delete(socket));
  });
  // Beyond that a caller is hung up on, and goes its own way.
  server.maxConnections = mostConnections;
  await listening(server, place);
  const ours = identity();
  const isReachable = () => identity() === ours;
  return {
    isReachable,
    get open() {
      return sockets.size;
    },
    async close(waitMs) {
      // Closing removes whatever lies at the path, a successor's socket too; the end of the process closes ours as well.
      const closed = isReachable() ? new Promise<void>((resolve) => server.close(() => resolve())) : allEnded(sockets);
      const impatience = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, waitMs);
      await closed;
      clearTimeout(impatience);
    },
  };
}

async function allEnded(sockets: ReadonlySet<Socket>): Promise<void> {
  await Promise.all([...sockets].map((socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()))));
}

function listening(server: Server, place: Place): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...place, backlog }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
