// What the agent is given of the outside: the wiring of this process, and for each caller the store that it means.

import type { AgentPorts } from '../agent/agent.ts';
import type { Wiring } from '../wiring.ts';
import type { AgentWiring } from '../wiring-agent.ts';
import { reportLines } from './report.ts';
import { endRotationsOf } from './rotation-ports.ts';

export function agentPorts(outside: AgentWiring, wiring: Wiring, isNotifying: boolean): AgentPorts {
  const { env, clock, state, log } = wiring;
  return {
    ...{ env, clock, state, log },
    bell: outside.bell,
    notifier: isNotifying ? outside.notifier : undefined,
    random: Math.random,
    readClocks: outside.readClocks,
    placeOf: outside.placeOf,
    readFiles: outside.readFiles,
    openPorts: async (caller) => {
      const { programs: _ofOtherProcesses, ...ports } = await wiring.openRefresh(
        await outside.openStoreOf(caller, caller.readFiles()),
      );
      return ports;
    },
    refreshElsewhere: (caller, profile) => outside.startRefreshOf(caller, profile),
    endRotations: (config, open) => endRotationsOf(config, open, wiring),
    wordsOf: reportLines,
    noteAnswer: ({ caller, pid }, answer) =>
      outside.auditTrailOf(caller)?.record({ ...answer(), ...outside.seenBy(pid), at: clock.now() }),
    programStamp: outside.programStamp,
    socketIdentity: outside.socketIdentity,
    onListening: outside.closeToOthers,
    token: outside.makeToken(),
  };
}
