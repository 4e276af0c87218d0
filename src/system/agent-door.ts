// The agent, seen from a command that installs or removes its service.
// SEAM: there is no agent in this version, so nobody ever answers. The agent's client takes the place of these two functions.

import type { AgentDoor } from '../ports.ts';

export function openAgentDoor(_agent: { readonly socketPath: string }): AgentDoor {
  return { askAgent: async () => undefined, stopAgent: async () => undefined };
}
