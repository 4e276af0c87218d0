// What a background service is made of: files, and commands as data. Pure: nothing here looks at the machine or changes it.

import type { Environment } from '../ports/environment.ts';
import type { ServiceCommand, ServiceFile, ServiceSurroundings } from '../ports/service.ts';

export type ServiceKind = 'systemd' | 'launchd' | 'task-scheduler' | 'xdg-autostart';
/** A resident agent, or a `rolekeeper refresh --due` every five minutes. */
export type ServiceMode = 'agent' | 'timer';

/** Whose service it is to be, and where it will find things. */
export interface ServicePlace {
  readonly platform: NodeJS.Platform;
  readonly uid: number | undefined;
  readonly home: string;
  /** How this program is run again: node and its script, absolute paths. */
  readonly program: readonly [string, ...string[]];
  readonly stateDirectory: string;
  /** Where the agent listens (agent.sock, or the name of the pipe). */
  readonly socketPath: string;
  readonly env: Environment;
  readonly surroundings: ServiceSurroundings;
}

/** How a service goes away, whatever its files said. */
export interface ServiceRemoval {
  /** Before the files go. */
  readonly stop: readonly ServiceCommand[];
  /** What the commands of the start, and the service itself, left beside the files: links and empty files. */
  readonly traces: readonly string[];
  /** Once the files are gone. */
  readonly settle: readonly ServiceCommand[];
}

/** Everything that install does, in this order, and uninstall takes back. */
export interface ServicePlan extends ServiceRemoval {
  readonly kind: ServiceKind;
  readonly mode: ServiceMode;
  readonly files: readonly ServiceFile[];
  /** Once the files are there. May run again over a running service: then it takes what is new. */
  readonly start: readonly ServiceCommand[];
  /** All must end with status 0. In mode `agent` the agent is asked as well. */
  readonly verify: readonly ServiceCommand[];
  /** What a person should know. */
  readonly notes: readonly string[];
  /** What to type to see why it does not run. */
  readonly whereToLook: string;
}

/** True for a text that install wrote, or that began as one: what it says of itself near its top. */
export function isMarkedAsOurs(text: string): boolean {
  return text.slice(0, 400).includes('Made by `rolekeeper install');
}

/** Undefined for kinds and modes of a later version. */
export function parseKind(kind: string, mode: string): Pick<ServicePlan, 'kind' | 'mode'> | undefined {
  const [knownKind, knownMode] = [kinds.find((one) => one === kind), modes.find((one) => one === mode)];
  return knownKind === undefined || knownMode === undefined ? undefined : { kind: knownKind, mode: knownMode };
}

const kinds = ['systemd', 'launchd', 'task-scheduler', 'xdg-autostart'] as const;
const modes = ['agent', 'timer'] as const;

export function mayFail(command: ServiceCommand): ServiceCommand {
  return { ...command, mayFail: true };
}
