// 500 callers at once for one role that nobody has yet, while STS takes its time: one AssumeRole for all of them.

import { startSessionBus } from '../harness/session-bus.ts';
import { quantile } from './figures.ts';
import { openRoleWorld, type RoleWorld } from './role-world.ts';
import type { Bench, Chapter, Row } from './row.ts';

export const cold: Chapter = {
  name: 'cold',
  title:
    '500 callers at once for a role that is not cached, STS takes 300 ms, the keychain as the store; each caller from its own start',
  async run(bench) {
    const bus = await startSessionBus();
    const person = await openRoleWorld({ roles: 2 * rounds, keychainEnv: bus.env });
    try {
      person.world.sts.fault({ kind: 'slow', ms: stsMs, operation: 'AssumeRole' });
      const half = person.profiles.slice(0, rounds);
      return [
        ...(await coldRows('new agent', half, { person, bench, isNew: true })),
        ...(await coldRows('agent that refreshed before', person.profiles.slice(rounds), { person, bench, isNew: false })),
        ...(await startRows(bench, person)),
      ];
    } finally {
      await person.close();
      await bus.stop();
    }
  },
};

const callers = 500;
const stsMs = 300;
const rounds = 5;

interface Setting {
  readonly person: RoleWorld;
  readonly bench: Bench;
  /** Starts an agent for each round. */
  readonly isNew: boolean;
}

async function coldRows(words: string, profiles: readonly string[], { person, bench, isNew }: Setting): Promise<readonly Row[]> {
  const { world } = person;
  const each: number[][] = [];
  const calls: number[] = [];
  if (!isNew) await person.startAgent();
  for (const profile of profiles) {
    if (isNew) await person.startAgent();
    const before = world.sts.calls().AssumeRole;
    const command = [world.program, 'get', profile] as const;
    const [timed] = await bench.spawner.time([{ name: profile, command }], { rounds: 1, atOnce: callers, env: world.env });
    if (timed === undefined || timed.failed > 0) throw new Error(`${timed?.failed} cold callers failed\n${timed?.complaints}`);
    each.push([...timed.eachMs]);
    calls.push(world.sts.calls().AssumeRole - before);
    if (isNew) await person.stopAgent();
  }
  if (!isNew) await person.stopAgent();
  return rowsOf(words, each, calls);
}

function rowsOf(words: string, each: readonly (readonly number[])[], calls: readonly number[]): readonly Row[] {
  const row = (name: string, part: number): Row => {
    const values = each.map((ofOneRound) => quantile(ofOneRound, part));
    return { name: `${words}: ${name}`, unit: 'ms', median: quantile(values, 0.5), min: Math.min(...values) };
  };
  const [p95, slowest, most] = [row('p95', 0.95), row('slowest', 1), Math.max(...calls)];
  return [
    row('p50', 0.5),
    { ...p95, target: { words: `STS + 1,000 ms`, isMet: p95.median <= stsMs + 1_000 } },
    { ...slowest, target: { words: `STS + 500 ms`, isMet: slowest.median <= stsMs + 500 } },
    { name: `${words}: AssumeRole, most in a round`, unit: 'calls', median: most, target: { words: 'one', isMet: most === 1 } },
  ];
}

/** What starting so many takes by itself: nobody can be answered before it has started. */
async function startRows({ spawner }: Bench, { world }: RoleWorld): Promise<readonly Row[]> {
  const [base] = await spawner.time([{ name: `${callers} x /bin/true`, command: ['/bin/true'], isSilent: true }], {
    rounds,
    atOnce: callers,
    env: world.env,
  });
  const values = base?.roundsMs ?? [];
  return [{ name: `${callers} x /bin/true, all of them`, unit: 'ms', median: quantile(values, 0.5), min: Math.min(...values) }];
}
