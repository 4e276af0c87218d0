// What install and uninstall need of the outside, with a person at the other end.

import type { Wiring } from '../wiring.ts';
import { openAgentDoor } from './agent-door.ts';
import { writeStderr } from './report.ts';
import { writeStdout } from './stdout.ts';
import type { UninstallPorts } from './uninstall.ts';

export async function openServicePorts(wiring: Wiring): Promise<UninstallPorts> {
  const ports = { ...wiring, ...(await wiring.openService()), ...openAgentDoor(wiring), say: writeStderr, show: writeStdout };
  return { ...ports, planPurge: async (asked) => (await import('./purge.ts')).planPurge(asked, ports) };
}
