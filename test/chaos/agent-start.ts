// Starts the agent where trouble is usual: after a kill its lease is believed in for 15 s more, and a starved machine takes its time.

import { setTimeout as wait } from 'node:timers/promises';
import type { Ran, Running } from '../harness/world.ts';

export interface StartedAgent {
  readonly pid: number;
  /** SIGKILL or SIGTERM, and gone. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
}

export interface AgentStart {
  /** `rolekeeper agent run`. */
  readonly start: () => Running;
  /** True once an agent answers. */
  readonly isAnswering: () => Promise<boolean>;
  /** It ended without being told to. */
  readonly onLeft: (ran: Ran) => void;
}

const deadlineMs = 3 * 60_000;
const pauseMs = 250;

/** Tries again while another seems to run. Throws what the last one said when none answers in time. */
export async function startAgent({ start, isAnswering, onLeft }: AgentStart): Promise<StartedAgent> {
  const giveUpAt = performance.now() + deadlineMs;
  let said = 'nothing';
  while (performance.now() < giveUpAt) {
    const running = start();
    const { child, ended } = running;
    let hasEnded = false;
    void ended.then(({ stderr }) => {
      [hasEnded, said] = [true, stderr];
    });
    while (!hasEnded && performance.now() < giveUpAt) {
      if (child.pid !== undefined && (await isAnswering()) && !hasEnded) return agentOf(child.pid, running, onLeft);
      await wait(pauseMs);
    }
    child.kill('SIGKILL');
    await ended;
  }
  throw new Error(`no agent answers after ${deadlineMs} ms; the last one said: ${said}`);
}

function agentOf(pid: number, { child, ended }: Running, onLeft: AgentStart['onLeft']): StartedAgent {
  let isTold = false;
  void ended.then((ran) => {
    if (!isTold) onLeft(ran);
  });
  return {
    pid,
    end: async (signal) => {
      isTold = true;
      child.kill('SIGCONT');
      child.kill(signal);
      await ended;
    },
  };
}
