// Agents with 1, 20 and 1,000 roles in memory: what an answer takes, how much memory they have, and how much work they do unasked.
// The age store: a keychain takes twice as long to take a thousand items, and it is no part of what is measured.

import { setTimeout as wait } from 'node:timers/promises';
import { cpuMsOf, type Memory, memoryOf } from './agent-process.ts';
import { openRoleWorld, type RoleWorld } from './role-world.ts';
import { type Bench, type Chapter, pairedRow, type Row, roundsRow } from './row.ts';
import type { Side } from './spawner.ts';

export const roles: Chapter = {
  name: 'roles',
  title: 'agents with 1, 20 and 1,000 roles in memory, the age store',
  async run(bench) {
    const agents: Filled[] = [];
    try {
      const atStart: Row[] = [];
      for (const count of counts) {
        const person = await openRoleWorld({ roles: count });
        await person.startAgent();
        const pid = await person.agentPid();
        agents.push({ person, count, pid });
        if (count === 1) atStart.push(...memoryRows('agent that was just started', memoryOf(pid)));
        await person.fill();
      }
      const memory = agents.flatMap(({ pid, count }) => memoryRows(`agent, ${rolesWords(count)}`, memoryOf(pid), count));
      const answers = await answerRows(agents, bench);
      return [...answers, ...atStart, ...memory, ...(await idleRows(agents, bench.options.idleMinutes))];
    } finally {
      await Promise.all(agents.map(({ person }) => person.close()));
    }
  },
};

interface Filled {
  readonly person: RoleWorld;
  readonly count: number;
  readonly pid: number;
}

const counts = [1, 20, 1_000];
/** Native starts are cheap, and the difference that is looked for is small. */
const nativeFactor = 10;

/** Each agent answers for the last profile of its config. */
async function answerRows(agents: readonly Filled[], { spawner, options }: Bench): Promise<readonly Row[]> {
  const sides = agents.map(({ person: { world, profiles }, count }): Side => {
    return { name: `get, ${rolesWords(count)}`, command: [world.program, 'get', profiles.at(-1) ?? ''], env: world.env };
  });
  const env = agents[0]?.person.world.env ?? {};
  const [base, ...more] = await spawner.time(sides, { rounds: options.pairs * nativeFactor, atOnce: 1, env });
  if (base === undefined) return [];
  return [roundsRow(base), ...more.map((side) => pairedRow(side, { base, limit: 1.1 }))];
}

function memoryRows(name: string, memory: Memory, count = 0): readonly Row[] {
  const limitMb = 110;
  const target =
    count < 1_000 ? {} : { target: { words: `at most ${limitMb} MB, STS in process`, isMet: memory.rssMb <= limitMb } };
  return [
    { name: `${name}: resident`, unit: 'MB', median: memory.rssMb, ...target },
    { name: `${name}: its share of it (Pss)`, unit: 'MB', median: memory.pssMb },
    { name: `${name}: its own alone`, unit: 'MB', median: memory.privateMb },
    { name: `${name}: most it ever had`, unit: 'MB', median: memory.peakRssMb },
  ];
}

/** The first ring after a change plans for all roles anew; that is the change's cost, not idleness. */
const settleMs = 20_000;

/** A ring of the bell is due every 15 s, so a minute shows four of them. */
async function idleRows(agents: readonly Filled[], minutes: number): Promise<readonly Row[]> {
  await wait(settleMs);
  const before = agents.map(({ pid }) => cpuMsOf(pid));
  await wait(minutes * 60_000);
  return agents.flatMap(({ pid, count }, n) => {
    const value = (cpuMsOf(pid) - (before[n] ?? 0)) / minutes;
    const target = { words: `at most ${idleLimitMs}: 0.1 % of a core`, isMet: value <= idleLimitMs };
    const name = `agent, ${rolesWords(count)}, idle for ${minutes} min`;
    return [
      { name, unit: 'ms CPU a minute', median: value, target } satisfies Row,
      { name: `${name}: resident afterwards`, unit: 'MB', median: memoryOf(pid).rssMb } satisfies Row,
    ];
  });
}

const idleLimitMs = 60;

function rolesWords(count: number): string {
  return count === 1 ? '1 role' : `${count.toLocaleString('en')} roles`;
}
