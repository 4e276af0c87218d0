// How the system's manager is asked about a service of ours, and what its answer means. Pure.

import type { ServiceCommand, ServiceCommandEnd } from '../ports/service.ts';
import { launchdTarget } from './launchd.ts';
import type { ServiceKind, ServiceMode } from './service-plan.ts';
import { unitNames } from './systemd.ts';
import { taskName } from './task-scheduler.ts';

export interface ServiceState {
  /** Undefined where the manager gave no answer. */
  readonly isRunning: boolean | undefined;
  /** The manager listens and the agent itself is not there: the first program that asks starts it. */
  readonly isWaiting: boolean;
  readonly problem?: string;
  /** Of a timer, on the local clock. */
  readonly lastAt?: number;
  readonly nextAt?: number;
}

interface Which {
  readonly kind: ServiceKind;
  readonly mode: ServiceMode;
}

/** `status` must not wait for a manager that hangs. */
const endMs = 500;

/** Undefined where nobody but the agent itself can tell. */
export function stateCommand({ kind, mode }: Which, uid: number | undefined): ServiceCommand | undefined {
  switch (kind) {
    case 'systemd': {
      const { enabled, service } = unitNames[mode];
      return { words: ['systemctl', '--user', 'show', `--property=${properties.join()}`, enabled, service], endMs };
    }
    case 'launchd':
      return { words: ['launchctl', 'print', launchdTarget(mode, uid)], endMs };
    case 'task-scheduler':
      return { words: ['schtasks', '/Query', '/TN', taskName(mode)], endMs };
    case 'xdg-autostart':
      return undefined;
    default:
      return kind satisfies never;
  }
}

const properties = ['Id', 'LoadState', 'ActiveState', 'Result', 'LastTriggerUSec', 'NextElapseUSecRealtime'];

export function readState({ kind, mode }: Which, { status, output }: ServiceCommandEnd): ServiceState {
  const [firstLine = ''] = output.split('\n');
  if (kind === 'systemd') {
    const [enabled, service] = output.split('\n\n').map(unitProperties);
    const isAnswer = status === 0 && enabled?.get('Id') !== undefined;
    return isAnswer ? systemdState(mode, enabled, service) : { isRunning: undefined, isWaiting: false, problem: firstLine };
  }
  if (status === 0) return { isRunning: true, isWaiting: false };
  // 126 and 127: it could not be started at all.
  return { isRunning: status >= 126 ? undefined : false, isWaiting: false, problem: firstLine };
}

type Properties = ReadonlyMap<string, string>;

function unitProperties(block: string): Properties {
  return new Map(
    block
      .split('\n')
      .flatMap((line) => [/^(\w+)=(.*)$/.exec(line)?.slice(1) ?? []])
      .flatMap(pair),
  );
}

function pair([name, value]: readonly string[]): readonly (readonly [string, string])[] {
  return name === undefined || value === undefined ? [] : [[name, value]];
}

function systemdState(mode: ServiceMode, enabled: Properties, service: Properties | undefined): ServiceState {
  const name = enabled.get('Id') ?? '';
  const activity = enabled.get('ActiveState') ?? '';
  if (enabled.get('LoadState') === 'not-found')
    return { isRunning: false, isWaiting: false, problem: `systemd does not know ${name}` };
  if (activity !== 'active') return { isRunning: false, isWaiting: false, problem: `${name} is ${activity}` };
  const result = service?.get('Result') ?? 'success';
  const failed = result === 'success' ? {} : { problem: `${service?.get('Id') ?? 'the service'} failed (${result})` };
  if (mode === 'agent')
    return { isRunning: true, isWaiting: ['inactive', 'failed'].includes(service?.get('ActiveState') ?? ''), ...failed };
  const [lastAt, nextAt] = [timeIn(enabled, 'LastTriggerUSec'), timeIn(enabled, 'NextElapseUSecRealtime')];
  return {
    isRunning: true,
    isWaiting: false,
    ...(lastAt === undefined ? {} : { lastAt }),
    ...(nextAt === undefined ? {} : { nextAt }),
    ...failed,
  };
}

// `Thu 2026-11-26 01:45:22 UTC`: older versions of systemctl have no other form. Undefined for `n/a` and nothing.
function timeIn(unit: Properties, name: string): number | undefined {
  const [, date, time] = /^\w{3} (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC$/.exec(unit.get(name) ?? '') ?? [];
  return date === undefined || time === undefined ? undefined : Date.parse(`${date}T${time}Z`);
}
