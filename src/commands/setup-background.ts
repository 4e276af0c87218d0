// What `setup` leaves running: the background service, or an agent where there is none to be had or wanted. Notes how to take it back.

import type { ServiceMode } from '../service/service-plan.ts';
import type { Wiring } from '../wiring.ts';
import { backgroundStatus } from './background-status.ts';
import { install } from './install.ts';
import type { Journal } from './journal.ts';
import { agentByItself, ensureAgent } from './start-agent.ts';
import { agentStatus } from './tell-agent.ts';
import { type UninstallPorts, uninstall } from './uninstall.ts';

export type Background =
  /** It is there, and runs. */
  | { readonly kind: 'there' }
  | { readonly kind: 'service'; readonly mode: ServiceMode }
  | { readonly kind: 'agent'; readonly why: string };

export interface BackgroundWish {
  readonly isInstalling: boolean;
  /** This program's. */
  readonly version: string;
}

/** A busy agent is no reason to set the service up anew. */
const agentWaitMs = 3_000;

/** Changes nothing. */
export async function planBackground(
  { isInstalling, version }: BackgroundWish,
  { wiring, ports }: { readonly wiring: Wiring; readonly ports: UninstallPorts },
): Promise<Background> {
  const { service } = await backgroundStatus({ version, agentWaitMs }, wiring);
  if (service.installed && service.problem === undefined && service.running !== false) return { kind: 'there' };
  if (!isInstalling) return { kind: 'agent', why: 'no service, as you wish' };
  const { systemd } = await ports.manager.surroundings();
  const hasManager = systemd !== undefined || ['darwin', 'win32'].includes(ports.place.platform);
  if (hasManager || service.installed) return { kind: 'service', mode: service.mode ?? 'agent' };
  return { kind: 'agent', why: 'no service manager answers here, so the first program that asks starts it' };
}

/** Returns what to tell. Throws what `install` throws. */
export async function startBackground(
  background: Background,
  { wiring, ports, journal }: { readonly wiring: Wiring; readonly ports: UninstallPorts; readonly journal: Journal },
): Promise<readonly string[]> {
  const hadAgent = (await agentStatus(wiring)) !== undefined;
  switch (background.kind) {
    case 'there':
      return [];
    case 'service': {
      const quiet = { ...ports, say: () => undefined };
      const isNew = ports.records.read() === undefined;
      journal.note(async () => {
        // A service that was there and is repaired is no worse for it.
        if (isNew) await uninstall(quietly, quiet);
        if (hadAgent) await ensureAgent(wiring);
      });
      await install({ mode: background.mode, isDryRun: false, isYes: true }, quiet);
      return [background.mode === 'agent' ? 'the background service is installed, and its agent answers' : 'the timer runs'];
    }
    case 'agent': {
      journal.note(async () => {
        if (!hadAgent) await ports.stopAgent();
      });
      const status = await agentByItself(wiring);
      return [status === undefined ? 'no agent is running: `get` answers by itself' : 'the agent answers'];
    }
    default:
      return background satisfies never;
  }
}

const quietly = { isPurge: false, deletesKeys: false, losesKeys: false, isDryRun: false, isYes: true };

/** For the plan; undefined where nothing is to be done. */
export function backgroundWords(background: Background): string | undefined {
  switch (background.kind) {
    case 'there':
      return undefined;
    case 'service':
      return background.mode === 'agent' ? 'install  the background service' : 'install  the timer anew';
    case 'agent':
      return `start    the agent (${background.why})`;
    default:
      return background satisfies never;
  }
}
