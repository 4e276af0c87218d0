// Has an agent running: the one that is there, else a new one that leaves when it is idle.

import { spawn } from 'node:child_process';
import type { AgentStatus } from '../agent/status.ts';
import { AppError } from '../errors.ts';
import type { Wiring } from '../wiring.ts';
import { backgroundSettings } from './background-settings.ts';
import { agentStatus, hasOthersAgent, refuseNoAnswer } from './tell-agent.ts';

/** An agent starts in a fifth of a second; on a busy machine later. */
export const startWaitMs = 5_000;
const lookEveryMs = 25;

/** Throws `agent-silent` when none answers in the end, `agent-not-mine` where another home's has the place, `usage` for settings that no agent would start with. */
export async function ensureAgent(wiring: Wiring): Promise<{ readonly pid: number; readonly isNew: boolean }> {
  const running = await agentStatus(wiring);
  if (running !== undefined) return { pid: running.pid, isNew: false };
  await refuseNoAnswer(wiring);
  backgroundSettings(wiring.agentSettings()); // the child would end for these, and nobody would read what it says
  const { command, args, env } = (await wiring.openAgentWiring()).agentCommand;
  const child = spawn(command, [...args], { detached: true, stdio: 'ignore', cwd: '/', env, windowsHide: true });
  let problem: string | undefined;
  child.once('error', (error) => {
    problem = error.message;
  });
  child.unref();
  const started = await waitFor(async () => (problem === undefined ? await agentStatus(wiring) : undefined), wiring);
  if (started !== undefined) return { pid: started.pid, isNew: true };
  const hint = 'run `rolekeeper agent run --debug` to see why';
  throw new AppError('agent-silent', { problem: problem ?? `it does not answer after ${startWaitMs / 1000} s`, hint });
}

/** The one that runs, or that starts where the person has not switched that off. Undefined when there is none in the end. */
export async function agentByItself(wiring: Wiring): Promise<AgentStatus | undefined> {
  const running = await agentStatus(wiring);
  // Where another home's has the place, none could start.
  if (running !== undefined || (await hasOthersAgent(wiring)) || !(await wiring.startAgentLater())) return running;
  return await waitFor(() => agentStatus(wiring), wiring);
}

async function waitFor<T>(look: () => Promise<T | undefined>, { clock }: Wiring): Promise<T | undefined> {
  const until = performance.now() + startWaitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined || performance.now() > until) return found;
    await clock.wait(lookEveryMs);
  }
}
