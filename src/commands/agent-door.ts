// The agent, as install and uninstall see it: whether it answers, and how it ends.

import type { AgentDoor } from '../ports/agent-door.ts';
import type { Wiring } from '../wiring.ts';
import { agentStatus, hasOthersAgent, tellAgentToStop } from './tell-agent.ts';

/** It finishes what is under way: longer than the deadline of STS. */
const stopWaitMs = 15_000;

export function openAgentDoor(wiring: Wiring): AgentDoor {
  return {
    askAgent: () => agentStatus(wiring),
    hasOthersAgent: () => hasOthersAgent(wiring),
    stopAgent: () => stopAgent(wiring),
  };
}

/** Waits until it is gone, which its lock tells. Without an agent of this home nothing is touched. */
async function stopAgent(wiring: Wiring): Promise<void> {
  if ((await agentStatus(wiring)) === undefined) return;
  await tellAgentToStop(wiring);
  const lock = await wiring.openLock();
  await lock.withLock('agent', { waitMs: stopWaitMs }, async () => undefined);
}
