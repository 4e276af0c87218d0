// One caller at a time, the keychain as the store: what a cached `get` costs on each way through the program.

import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { startSessionBus } from '../harness/session-bus.ts';
import { roleArn } from '../harness/world.ts';
import { openRoleWorld, type RoleWorld } from './role-world.ts';
import { type Bench, type Chapter, pairedRow, type Row, roundsRow } from './row.ts';
import type { Side, Timed } from './spawner.ts';

export const single: Chapter = {
  name: 'single',
  title: 'one cached answer at a time, the keychain as the store',
  async run(bench) {
    const bus = await startSessionBus();
    try {
      const person = await openRoleWorld({ roles: 1, keychainEnv: bus.env });
      try {
        await person.startAgent();
        await person.fill();
        return [
          ...(await nativeRows(person, bench)),
          await emptiedRow(person, bench),
          ...(await nodeRows(person, bench)),
          ...(await certificateRows(person, bench)),
        ];
      } finally {
        await person.close();
      }
    } finally {
      await bus.stop();
    }
  },
};

const launcher = resolve('dist/rolekeeper.js');
const emptyNode: Side = { name: 'node -e 0', command: [process.execPath, '-e', '0'], isSilent: true };
/** Nobody listens there, and AUTOSTART is off in every world. */
const noAgent = { ROLEKEEPER_RUNTIME_DIR: '/proc/nonexistent' };
/** A native start takes a thirtieth of Node's, so more of them are cheap. */
const nativeFactor = 10;

async function nativeRows({ world, profiles: [profile = ''] }: RoleWorld, { spawner, options }: Bench): Promise<readonly Row[]> {
  const [base, front] = await spawner.time(
    [
      { name: '/bin/true', command: ['/bin/true'], isSilent: true },
      { name: 'get: front and agent', command: [world.program, 'get', profile] },
    ],
    { rounds: options.pairs * nativeFactor, atOnce: 1, env: world.env },
  );
  return [roundsRow(there(base)), pairedRow(there(front), { base: there(base), limit: 2 })];
}

/** As after 15 s without a caller, and after every `login`: the agent looks into the store before it answers. */
async function emptiedRow(person: RoleWorld, { spawner, options }: Bench): Promise<Row> {
  const { world, profiles } = person;
  const name = 'get: front and agent, which looks into the store';
  const rounds: Timed[] = [];
  for (let n = 0; n < options.pairs; n++) {
    await person.emptyAgent();
    const command = [world.program, 'get', profiles[0] ?? ''] as const;
    rounds.push(there((await spawner.time([{ name, command }], { rounds: 1, atOnce: 1, env: world.env }))[0]));
  }
  const sum = (values: readonly number[]) => values.reduce((one, other) => one + other, 0);
  return roundsRow({
    name,
    roundsMs: rounds.flatMap(({ roundsMs }) => roundsMs),
    eachMs: rounds.flatMap(({ eachMs }) => eachMs),
    failed: sum(rounds.map(({ failed }) => failed)),
    complaints: rounds.map(({ complaints }) => complaints).join(''),
  });
}

async function nodeRows(person: RoleWorld, { spawner, options }: Bench): Promise<readonly Row[]> {
  const { world, profiles } = person;
  const get = ['get', profiles[0] ?? ''] as const;
  const [base, ...sides] = await spawner.time(
    [
      emptyNode,
      { name: 'get: JavaScript launcher and agent', command: [launcher, ...get] },
      { name: 'get: node dist/rolekeeper.js, no agent', command: [process.execPath, launcher, ...get], env: noAgent },
      { name: 'get: front, no agent', command: [world.program, ...get], env: noAgent },
      {
        name: 'get: front, no agent, 1,000 profiles more',
        command: [world.program, ...get],
        env: { ...noAgent, AWS_CONFIG_FILE: crowdedConfig(person, 'crowded-config', '') },
      },
      {
        name: 'get: front, no agent, 1,000 with nested settings',
        command: [world.program, ...get],
        env: { ...noAgent, AWS_CONFIG_FILE: crowdedConfig(person, 'nested-config', nestedSettings) },
      },
    ],
    { rounds: options.pairs, atOnce: 1, env: world.env },
  );
  return [roundsRow(there(base)), ...sides.map((side) => pairedRow(side, { base: there(base) }))];
}

/** Node reads these at every start: no cost of ours, and part of every caller's day on such a machine all the same. */
async function certificateRows({ world, profiles: [profile = ''] }: RoleWorld, { spawner, options }: Bench) {
  const certificates = process.env['NODE_EXTRA_CA_CERTS'];
  if (certificates === undefined) return [];
  const env = { NODE_EXTRA_CA_CERTS: certificates };
  const [base, side] = await spawner.time(
    [
      { ...emptyNode, name: 'node -e 0 with NODE_EXTRA_CA_CERTS', env },
      {
        name: 'get: node dist/rolekeeper.js, no agent, with it',
        command: [process.execPath, launcher, 'get', profile],
        env: { ...env, ...noAgent },
      },
    ],
    { rounds: options.pairs, atOnce: 1, env: world.env },
  );
  return [roundsRow(there(base)), pairedRow(there(side), { base: there(base) })];
}

/** As the AWS CLI has them; the parser reads a section with such lines in another way. */
const nestedSettings = 's3 =\n  addressing_style = path\n  max_concurrent_requests = 20\n';

/** The config of the world, and a thousand role profiles before it, each with `more` lines. */
function crowdedConfig({ world }: RoleWorld, name: string, more: string): string {
  const others = Array.from(
    { length: 1_000 },
    (_, n) => `[profile other-${n}]\nregion = eu-west-1\nrole_arn = ${roleArn(`Other${n}`)}\nsource_profile = corp\n${more}\n`,
  );
  const path = join(world.home, name);
  writeFileSync(path, others.join('') + world.readConfig());
  return path;
}

function there(timed: Timed | undefined): Timed {
  if (timed === undefined) throw new Error('the spawner timed fewer sides than it was given');
  return timed;
}
