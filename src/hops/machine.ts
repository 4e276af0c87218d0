// The role of the machine or container that this runs on, from the service on its own link. Never an expired one.

import type { MachineHop } from '../config/entry-hop.ts';
import type { Credentials } from '../credentials/credentials.ts';
import type { EntryCall, EntryPorts } from './entry.ts';
import { requestContainer } from './machine-container.ts';
import { requestInstance } from './machine-instance.ts';

/** Throws `machine-failed`, and `environment-lacks` where only another caller's environment names the service. */
export async function requestMachine(hop: MachineHop, call: EntryCall, ports: EntryPorts): Promise<Credentials> {
  return await (hop.service === 'EcsContainer' ? requestContainer(hop, call, ports) : requestInstance(hop, call, ports));
}
