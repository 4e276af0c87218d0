// Which kind of service this machine can have, and how one that is there goes away. Pure.

import { dirname } from 'node:path/posix';
import { AppError } from '../errors.ts';
import type { ServiceRecord, SystemdSurroundings } from '../ports/service.ts';
import { launchdRemoval, planLaunchd } from './launchd.ts';
import {
  parseKind,
  type ServiceKind,
  type ServiceMode,
  type ServicePlace,
  type ServicePlan,
  type ServiceRemoval,
} from './service-plan.ts';
import { planSystemd, systemdRemoval } from './systemd.ts';
import { planTask, taskRemoval } from './task-scheduler.ts';
import { planAutostart } from './xdg-autostart.ts';

/** Throws `usage` where there is none. */
export function planService(mode: ServiceMode, place: ServicePlace): ServicePlan {
  switch (place.platform) {
    case 'darwin':
      return planLaunchd(mode, place);
    case 'win32':
      return planTask(mode, place);
    default: {
      const { systemd } = place.surroundings;
      return systemd === undefined ? planAutostart(mode, place) : planSystemd(mode, place, systemd);
    }
  }
}

/** Every service that an install may ever have made here, for an uninstall that finds no record of it. */
export function possiblePlans(place: ServicePlace): readonly ServicePlan[] {
  const systemd = place.surroundings.systemd ?? assumedSystemd(place);
  const isUnix = place.platform !== 'darwin' && place.platform !== 'win32';
  const others: readonly (() => ServicePlan)[] = isUnix
    ? [
        () => planSystemd('agent', place, systemd),
        () => planSystemd('timer', place, systemd),
        () => planAutostart('agent', place),
      ]
    : [() => planService('agent', place), () => planService('timer', place)];
  return others.flatMap(withoutUsage);
}

/** How a service of this kind goes away. `path` is one of its files. */
function removalOf(
  kind: ServiceKind,
  mode: ServiceMode,
  { path, place }: { readonly path: string; readonly place: PersonPlace },
): ServiceRemoval {
  switch (kind) {
    case 'systemd':
      return systemdRemoval(mode, dirname(path), place);
    case 'launchd':
      return launchdRemoval(mode, place.uid);
    case 'task-scheduler':
      return taskRemoval(mode);
    case 'xdg-autostart':
      return nothing;
    default:
      return kind satisfies never;
  }
}

type PersonPlace = Pick<ServicePlace, 'uid' | 'home' | 'env'>;

const nothing: ServiceRemoval = { stop: [], traces: [], settle: [] };

/** How the service of a record goes away. */
export function recordedRemoval(record: ServiceRecord, place: PersonPlace): ServiceRemoval {
  const known = parseKind(record.kind, record.mode);
  const [file] = record.files;
  return known === undefined || file === undefined ? nothing : removalOf(known.kind, known.mode, { path: file.path, place });
}

// The manager may be gone today (a container, a rescue login) and its units still be there.
function assumedSystemd({ home }: ServicePlace): SystemdSurroundings {
  return { unitPath: [`${home}/.config/systemd/user`], canPrivateUsers: true, lingers: undefined };
}

function withoutUsage(plan: () => ServicePlan): readonly ServicePlan[] {
  try {
    return [plan()];
  } catch (error) {
    if (error instanceof AppError) return []; // what cannot be planned here was never made here
    throw error;
  }
}
