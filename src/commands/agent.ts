// `rolekeeper agent run|start|stop|restart|status`: the resident process that answers callers and refreshes in the background.

import process from 'node:process';
import { type Leaving, runAgent } from '../agent/agent.ts';
import type { Place } from '../agent/server.ts';
import type { AgentStatus } from '../agent/status.ts';
import { AppError, isAppError } from '../errors.ts';
import type { Clock } from '../ports/time.ts';
import type { Wiring } from '../wiring.ts';
import type { AgentWiring } from '../wiring-agent.ts';
import type { AgentAction } from './agent-actions.ts';
import { agentPorts } from './agent-ports.ts';
import { backgroundSettings } from './background-settings.ts';
import { inheritedFailure, inheritedFile, inheritedSocket } from './inherited-socket.ts';
import { writeStderr } from './report.ts';
import { shortTime } from './short-time.ts';
import { ensureAgent, startWaitMs } from './start-agent.ts';
import { writeStdout } from './stdout.ts';
import { agentStatus, refuseNoAnswer, tellAgentToStop } from './tell-agent.ts';

export interface AgentOptions {
  readonly action: AgentAction;
  readonly isJson: boolean;
  readonly leavesWhenIdle: boolean;
  readonly version: string;
}

/** It finishes what is under way: longer than the deadline of STS. */
const stopWaitMs = 15_000;

/** Returns the exit status. */
export async function agent(options: AgentOptions, wiring: Wiring): Promise<number> {
  switch (options.action) {
    case 'run':
      await run(options, wiring);
      return 0;
    case 'start':
      await start(wiring);
      return 0;
    case 'stop':
      await stop(wiring);
      return 0;
    case 'restart':
      await stop(wiring);
      await start(wiring);
      return 0;
    case 'status':
      return await showStatus(options, wiring);
    default:
      return options.action satisfies never;
  }
}

/** Under the agent's lock, so that there is one; an agent that systemd started serves its socket in any case. */
async function run(options: AgentOptions, wiring: Wiring): Promise<void> {
  const inherited = inheritedSocket(wiring.env, process.pid);
  const lock = await wiring.openLock();
  const outcome = await lock.withLock('agent', { waitMs: inherited === undefined ? 0 : startWaitMs }, (held) =>
    serve({ ...options, inherited, lost: held.lost }, wiring),
  );
  if (outcome.kind !== 'busy') return;
  const { socketPath } = await wiring.openAgentWiring();
  if (inherited === undefined) throw new AppError('agent-running', { socket: socketPath });
  wiring.log.event('agent.second', { socket: socketPath });
  await serve({ ...options, inherited, lost: new AbortController().signal }, wiring);
}

interface Serving extends AgentOptions {
  readonly inherited: Place | undefined;
  /** Aborted when somebody else may be the agent now. */
  readonly lost: AbortSignal;
}

async function serve({ leavesWhenIdle, version, inherited, lost }: Serving, wiring: Wiring): Promise<Leaving> {
  const outside = await wiring.openAgentWiring();
  const { idleMs, unusedMs, notify } = backgroundSettings(wiring.agentSettings());
  outside.hardenProcess(inherited === undefined ? [] : [inheritedFile]);
  outside.keepHeapSmall();
  await outside.preload();
  if (inherited === undefined) await outside.prepareSocket();
  leaveRecord(outside, wiring);
  const settings = {
    version,
    pid: process.pid,
    socket: inherited ?? { path: outside.socketPath },
    socketPath: outside.socketPath,
    idleMs: leavesWhenIdle ? idleMs : undefined,
    unusedMs,
    warnsAtNight: notify === 'always',
  };
  const told = new AbortController();
  const stopNow = () => told.abort();
  for (const signal of stopSignals) process.on(signal, stopNow);
  try {
    const ports = agentPorts(outside, wiring, notify !== 'off');
    // The mode of a socket that systemd made is systemd's business, and its directory may be read-only to us.
    const own = inherited === undefined ? ports : { ...ports, onListening: () => undefined };
    return await runAgent(settings, own, AbortSignal.any([told.signal, lost]));
  } catch (error) {
    throw inherited === undefined ? error : inheritedFailure(error);
  } finally {
    for (const signal of stopSignals) process.off(signal, stopNow);
  }
}

/** It only serves those who look for us in the wrong place: a full disk is no reason not to run. */
function leaveRecord({ writeRecord }: AgentWiring, { log }: Wiring): void {
  try {
    writeRecord(process.pid);
  } catch (error) {
    if (!isAppError(error)) throw error;
    log.event('agent.not-recorded', { problem: error.message });
  }
}

const stopSignals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

async function start(wiring: Wiring): Promise<void> {
  const { pid, isNew } = await ensureAgent(wiring);
  writeStderr([isNew ? `agent started, process ${pid}` : `an agent is running already, process ${pid}`]);
}

async function stop(wiring: Wiring): Promise<void> {
  const running = await agentStatus(wiring);
  if (running === undefined) {
    await refuseNoAnswer(wiring);
    return writeStderr(['no agent is running']);
  }
  await tellAgentToStop(wiring);
  const lock = await wiring.openLock();
  const outcome = await lock.withLock('agent', { waitMs: stopWaitMs }, async () => undefined);
  if (outcome.kind === 'busy') {
    const hint = `end it by hand: \`kill ${running.pid}\``;
    throw new AppError('agent-silent', { problem: `it does not end after ${stopWaitMs / 1000} s`, hint });
  }
  writeStderr([`agent stopped, process ${running.pid}`]);
}

async function showStatus({ isJson }: AgentOptions, wiring: Wiring): Promise<number> {
  const status = await agentStatus(wiring);
  if (isJson) {
    writeStdout(
      `${JSON.stringify(status === undefined ? { v: 1, running: false } : { running: true, ...status }, undefined, 2)}\n`,
    );
    return status === undefined ? 1 : 0;
  }
  if (status === undefined) await refuseNoAnswer(wiring);
  if (status === undefined) throw new AppError('agent-absent', { socket: (await wiring.openAgentWiring()).socketPath });
  writeStdout(`${inWords(status, wiring.clock).join('\n')}\n`);
  return 0;
}

function inWords(
  { pid, version, uptimeSeconds, socket, cached, planned, profiles = [], refreshing, unlocked, nextRefreshAt }: AgentStatus,
  clock: Clock,
): readonly string[] {
  const times = (at: string) => shortTime(clock.toLocal(Date.parse(at)), clock.toLocal(clock.now()));
  return [
    `agent ${version}, process ${pid}, up ${duration(uptimeSeconds)}, at ${socket}`,
    `${cached} in memory, ${planned} kept fresh, ${refreshing} being refreshed`,
    ...(profiles.length === 0 ? [] : [`keeps fresh: ${profiles.join(', ')}`]),
    ...(unlocked === true ? ['keeps the age store open that its passphrase has opened'] : []),
    ...(nextRefreshAt === undefined ? [] : [`next refresh ${times(nextRefreshAt)}`]),
  ];
}

function duration(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
