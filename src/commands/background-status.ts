// What works in the background, for `status`: the agent and the installed service, and what to type where something is off.
// Waits for neither of them longer than a person would notice, and fails for neither.

import { existsSync } from 'node:fs';
import { AppError, isAppError } from '../errors.ts';
import type { ServiceRecord } from '../ports/service.ts';
import type { Clock } from '../ports/time.ts';
import { removalChanges } from '../service/file-changes.ts';
import { parseKind, type ServiceKind, type ServiceMode } from '../service/service-plan.ts';
import { readState, type ServiceState, stateCommand } from '../service/service-state.ts';
import type { ServiceSide, Wiring } from '../wiring.ts';
import { agentStatusWithin } from './tell-agent.ts';

/** Times are ISO 8601 in UTC, as AWS counts them. */
export interface AgentSummary extends Fault {
  readonly running: boolean;
  readonly pid?: number;
  readonly version?: string;
  readonly startedAt?: string;
  /** How many credentials it keeps fresh. */
  readonly kept?: number;
  readonly nextRefreshAt?: string;
}

export interface ServiceSummary extends Fault {
  readonly installed: boolean;
  readonly kind?: ServiceKind;
  readonly mode?: ServiceMode;
  /** Absent where nobody could tell. */
  readonly running?: boolean;
  readonly lastRefreshAt?: string;
  readonly nextRefreshAt?: string;
}

export interface BackgroundSummary {
  readonly agent: AgentSummary;
  readonly service: ServiceSummary;
}

interface Fault {
  readonly problem?: string;
  readonly hint?: string;
}

export interface BackgroundOptions {
  /** This program's. */
  readonly version: string;
  /** How long a busy agent may take to answer. */
  readonly agentWaitMs: number;
}

/** Never throws for what is wrong with agent or service. */
export async function backgroundStatus({ version, agentWaitMs }: BackgroundOptions, wiring: Wiring): Promise<BackgroundSummary> {
  const side = await wiring.openService();
  const found = readRecord(side);
  const which = found.record === undefined ? undefined : parseKind(found.record.kind, found.record.mode);
  const command = which === undefined ? undefined : stateCommand(which, side.place.uid);
  const state = which === undefined || command === undefined ? undefined : readState(which, await side.manager.run(command));
  // Asking would start an agent that systemd has ready: looking at things shall not change them.
  const answer = state?.isWaiting === true ? 'nobody' : await agentStatusWithin(agentWaitMs, wiring);
  const agent = agentSummary(answer, { version, agentWaitMs, hasService: which?.mode === 'agent', clock: wiring.clock });
  if (found.record === undefined)
    return { agent, service: { installed: found.problem !== undefined, ...faultOf(found.problem) } };
  if (which === undefined) {
    const problem = `it was installed by a later version (${found.record.kind}, ${found.record.mode})`;
    return { agent, service: { installed: true, problem } };
  }
  // An agent that answers is there, whoever cannot tell.
  const running =
    state === undefined ? agent.running : (state.isRunning ?? (which.mode === 'agent' && agent.running ? true : undefined));
  const fault = serviceFault({ record: found.record, ...which, state, running, agent }, side);
  const times = which.mode === 'timer' ? timerTimes(state, wiring.clock) : agentTimes(agent, wiring);
  return { agent, service: { installed: true, ...which, ...(running === undefined ? {} : { running }), ...times, ...fault } };
}

interface FoundRecord {
  readonly record?: ServiceRecord;
  readonly problem?: AppError;
}

function readRecord({ records }: ServiceSide): FoundRecord {
  try {
    const record = records.read();
    return record === undefined ? {} : { record };
  } catch (error) {
    if (!isAppError(error)) throw error;
    return { problem: error };
  }
}

function faultOf(error: AppError | undefined): Fault {
  return error === undefined ? {} : { problem: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
}

interface AgentKnown extends BackgroundOptions {
  readonly hasService: boolean;
  readonly clock: Clock;
}

function agentSummary(
  answer: Awaited<ReturnType<typeof agentStatusWithin>>,
  { version, agentWaitMs, hasService, clock }: AgentKnown,
): AgentSummary {
  if (answer === 'nobody') return { running: false };
  if (answer instanceof AppError) return { running: false, ...faultOf(answer) };
  if (answer === 'silent') {
    const hint = 'it may be busy: `rolekeeper agent status` waits longer';
    return { running: true, problem: `it did not answer within ${agentWaitMs / 1000} s`, hint };
  }
  const { pid, version: its, uptimeSeconds, planned, nextRefreshAt } = answer;
  const hint = hasService ? 'run `rolekeeper install`' : 'run `rolekeeper agent restart`';
  return {
    running: true,
    ...{ pid, version: its, startedAt: iso(clock.now() - uptimeSeconds * 1000), kept: planned },
    ...(nextRefreshAt === undefined ? {} : { nextRefreshAt }),
    ...(its === version ? {} : { problem: `it is version ${its}, and this is ${version}`, hint }),
  };
}

interface ServiceKnown {
  readonly record: ServiceRecord;
  readonly kind: ServiceKind;
  readonly mode: ServiceMode;
  readonly state: ServiceState | undefined;
  readonly running: boolean | undefined;
  readonly agent: AgentSummary;
}

/** The first thing that is off. */
function serviceFault({ record, kind, mode, state, running }: ServiceKnown, { files }: ServiceSide): Fault {
  const mend = 'run `rolekeeper install`, which puts it right';
  const install = mode === 'timer' ? 'run `rolekeeper install --timer`, which puts it right' : mend;
  const missing = record.files.find(({ path }) => !existsSync(path));
  if (missing !== undefined) return { problem: `${missing.path} is missing`, hint: install };
  const gone = record.program?.find((path) => !existsSync(path));
  if (gone !== undefined) return { problem: `it runs ${gone}, which is gone`, hint: install };
  const [changed] = changedFiles(record, files);
  if (changed !== undefined) return { problem: `${changed} is not as install left it`, hint: install };
  if (running === undefined) return { problem: `it cannot be asked: ${state?.problem ?? 'no answer'}` };
  if (!running && kind === 'xdg-autostart') {
    return { problem: 'its agent is not running', hint: 'it starts at login; now: `rolekeeper agent start`' };
  }
  if (!running) return { problem: state?.problem ?? 'it is not running', hint: install };
  if (state?.problem === undefined) return {};
  const unit = mode === 'timer' ? 'rolekeeper-refresh.service' : 'rolekeeper.service';
  return { problem: state.problem, hint: `\`journalctl --user -u ${unit}\` tells why` };
}

function changedFiles({ files: recorded }: ServiceRecord, files: ServiceSide['files']): readonly string[] {
  try {
    return removalChanges(recorded, files.read).flatMap((change) => (change.kind === 'remove-changed' ? [change.path] : []));
  } catch (error) {
    if (!isAppError(error, 'config-unreadable')) throw error;
    return [error.message];
  }
}

type Times = Pick<ServiceSummary, 'lastRefreshAt' | 'nextRefreshAt'>;

/** The manager counts by the local clock. */
function timerTimes(state: ServiceState | undefined, clock: Clock): Times {
  const now = clock.now();
  const asAws = (at: number) => iso(at - (clock.toLocal(now) - now));
  return {
    ...(state?.lastAt === undefined ? {} : { lastRefreshAt: asAws(state.lastAt) }),
    ...(state?.nextAt === undefined ? {} : { nextRefreshAt: asAws(state.nextAt) }),
  };
}

function agentTimes({ nextRefreshAt }: AgentSummary, { state }: Wiring): Times {
  const last = Math.max(0, ...state.list().map(({ issuedAt }) => issuedAt ?? 0));
  return {
    ...(last === 0 ? {} : { lastRefreshAt: iso(last) }),
    ...(nextRefreshAt === undefined ? {} : { nextRefreshAt }),
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
