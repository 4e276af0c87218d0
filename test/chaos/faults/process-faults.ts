// Callers, the holder of a lock, and the agent are killed or stopped, at any point of their work.

import { setTimeout as wait } from 'node:timers/promises';
import { type BeginFault, type Scene, striking } from '../scene.ts';

export const callersKilled: BeginFault = async (scene) => {
  const end = striking([10, 400], scene, async () => {
    const pid = anyCaller(scene);
    if (pid !== undefined) scene.chaos.signal(pid, 'SIGKILL');
  });
  return { what: 'kill -9', end };
};

export const callersStopped: BeginFault = async (scene) => {
  const end = striking([50, 300], scene, async () => {
    const pid = anyCaller(scene);
    if (pid === undefined || !scene.chaos.signal(pid, 'SIGSTOP')) return;
    await wait(scene.random.between(50, 1_500));
    scene.chaos.signal(pid, 'SIGCONT');
  });
  return { what: 'SIGSTOP', end };
};

export const holderKilled: BeginFault = async (scene) => {
  slowDown(scene);
  const end = striking([10, 60], scene, async () => {
    const pid = holder(scene);
    if (pid === undefined) return;
    await wait(scene.random.between(0, 300));
    await kill(pid, scene);
  });
  return {
    what: 'kill -9',
    end: async () => {
      await end();
      await scene.chaos.startAgentAgain();
    },
  };
};

/** One of them, for longer than a lock is believed in. */
export const holderStopped: BeginFault = async (scene) => {
  slowDown(scene);
  let stopped: number | undefined;
  const end = striking([10, 60], scene, async () => {
    const pid = stopped === undefined ? holder(scene) : undefined;
    if (pid !== undefined && scene.chaos.signal(pid, 'SIGSTOP')) stopped = pid;
  });
  return {
    what: 'SIGSTOP',
    end: async () => {
      await end();
      if (stopped !== undefined) scene.chaos.signal(stopped, 'SIGCONT');
    },
  };
};

export const agentKilled: BeginFault = async ({ chaos }) => {
  await chaos.killAgent();
  return { what: 'kill -9', end: () => chaos.startAgentAgain() };
};

export const agentStopped: BeginFault = async ({ chaos }) => {
  const pid = chaos.agentPid;
  if (pid !== undefined) chaos.signal(pid, 'SIGSTOP');
  return {
    what: 'SIGSTOP',
    end: async () => {
      if (pid !== undefined) chaos.signal(pid, 'SIGCONT');
    },
  };
};

export const agentRestarted: BeginFault = async ({ chaos }) => {
  await chaos.endAgent();
  return { what: 'SIGTERM', end: () => chaos.startAgentAgain() };
};

function anyCaller({ callers, random }: Scene): number | undefined {
  const pids = callers.pids();
  return pids.length === 0 ? undefined : random.pick(pids);
}

/** A holder is easily found where everything has ended and AWS takes its time. */
function slowDown({ chaos, random }: Scene): void {
  chaos.clock.pass(hour);
  chaos.world.sts.fault({ kind: 'slow', ms: random.between(200, 600), operation: 'AssumeRole', times: 6 });
}

const hour = 3_600_000;

function holder({ chaos: { tap } }: Scene): number | undefined {
  return tap
    .flights()
    .find(({ operation, endedAt, pid }) => operation === 'AssumeRole' && endedAt === undefined && pid !== undefined)?.pid;
}

async function kill(pid: number, { chaos }: Scene): Promise<void> {
  if (pid === chaos.agentPid) await chaos.killAgent();
  else chaos.signal(pid, 'SIGKILL');
}
