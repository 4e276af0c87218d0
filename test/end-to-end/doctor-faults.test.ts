// doctor on the built program: nothing on a sound machine; each planted fault by itself; and what it says mends it really does.

import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RunningAgent, startAgent } from '../harness/agent.ts';
import { type PlantedFault, plantedFaults } from '../harness/planted-faults.ts';
import { openUsualWorld, program, type RunOptions, succeed, type World } from '../harness/world.ts';

let world: World;
/** A copy of the sound home. */
let sound: string;
let agent: RunningAgent;

beforeAll(async () => {
  world = await openUsualWorld();
  for (const profile of ['corp', 'dev', 'ops']) await succeed(world.rolekeeper(['get', profile]));
  // Opens at a line, as usual editors do, and does there what the person types; @ is that line.
  const editor = `#!/bin/sh
exec sed -i "$(printf %s "$TYPED" | sed "s/@/\${1#+}/g")" "$2"
`;
  writeFileSync(join(world.home, 'editor'), editor, { mode: 0o755 });
  sound = mkdtempSync(join(tmpdir(), 'rk-sound-'));
  cpSync(world.home, sound, { recursive: true, preserveTimestamps: true });
  agent = await startAgent(world);
});
afterAll(async () => {
  await agent.kill();
  await world.close();
  rmSync(sound, { recursive: true });
});

const ofTheAgent = 'run';

beforeEach(() => {
  for (const name of readdirSync(world.home).filter((entry) => entry !== ofTheAgent)) {
    rmSync(join(world.home, name), { recursive: true });
  }
  cpSync(sound, world.home, { recursive: true, preserveTimestamps: true });
});

interface Found {
  readonly check: string;
  readonly what: string;
  readonly why: string;
  readonly mend: string;
}

async function doctor(args: readonly string[] = [], options: RunOptions = {}) {
  const { stdout, stderr, status } = await world.rolekeeper(['doctor', '--json', ...args], options);
  const parsed: { readonly sound: boolean; readonly findings: readonly Found[] } = JSON.parse(stdout);
  return { sound: parsed.sound, findings: parsed.findings, status, stderr };
}

/** As a person with rolekeeper on PATH carries out what is printed. */
async function mend(
  { mend: command }: Found,
  { env, typed, added }: PlantedFault,
): Promise<Readonly<Record<string, string | undefined>>> {
  const person = {
    ...env?.(world),
    PATH: `${dirname(program)}:${world.env['PATH'] ?? ''}`,
    EDITOR: join(world.home, 'editor'),
    TYPED: typed?.(world),
  };
  const { stdout } = await succeed(world.run('bash', ['-c', `${command}${added?.(world) ?? ''}\nenv -0`], { env: person }));
  const after = new Map(stdout.split('\0').map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
  return Object.fromEntries(Object.keys(env?.(world) ?? {}).map((name) => [name, after.get(name)]));
}

describe('doctor', () => {
  it('doctor finds nothing on a sound machine', async () => {
    expect(await doctor()).toEqual({ sound: true, findings: [], status: 0, stderr: '' });
    expect((await succeed(world.rolekeeper(['doctor', '--online']))).stdout).toMatch(/\nNothing is wrong\.\n$/);
  });

  it('doctor has more than 25 faults to find here, of every check', () => {
    expect(new Set(plantedFaults.map(({ name }) => name)).size).toBeGreaterThan(25);
    expect(new Set(plantedFaults.map(({ check }) => check)).size).toBe(15);
  });

  it.each(plantedFaults)('doctor finds $name, and nothing else; what it says mends it', { timeout: 60_000 }, async (fault) => {
    const takeAway = await fault.plant(world);
    const env = fault.env?.(world) ?? {};
    try {
      const { findings, status, stderr } = await doctor(fault.args, { env });
      expect(findings).toMatchObject([
        { check: fault.check, what: expect.stringMatching(fault.what), mend: expect.stringMatching(fault.mend) },
      ]);
      expect(findings[0]?.why.length).toBeGreaterThan(20);
      expect({ status, stderr }).toEqual({ status: 8, stderr: expect.stringContaining('rolekeeper: ') });
      if (fault.notRun !== undefined || findings[0] === undefined) return;
      const after = await mend(findings[0], fault);
      expect(await doctor(fault.args, { env: after })).toMatchObject({ findings: [], status: 0 });
    } finally {
      await takeAway?.();
    }
  });
});
