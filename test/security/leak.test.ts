// Issue 7, item 4: every command, every failure and both log levels, with marked secrets; then every place that others may read.

import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandTable } from '../../src/completion/command-table.ts';
import { runOnTerminal } from '../harness/age-program.ts';
import { startSessionBus, until } from '../harness/session-bus.ts';
import { program, type Ran, succeed } from '../harness/world.ts';
import { everyCommand, type Step } from './every-command.ts';
import { type LeakWorld, openLeakWorld } from './leak-world.ts';
import { startWatched } from './watched-run.ts';

const nothingSeen = { stdout: '', stderr: '', status: 0, tookMs: 0, argv: [], environ: [], written: [] };

/** Takes every step there, and looks at the disk after each part of that life. */
async function liveIn(leak: LeakWorld): Promise<void> {
  const names = new Set<string>();
  const unlike: string[] = [];
  for (const part of everyCommand) {
    for (const step of part(leak.scene)) {
      const { args, ends = 0 } = step;
      const ran = await leak.run(step);
      leak.note(ran, step);
      names.add(args[0] ?? '');
      if (ran.status !== ends && !isLateAgent(step, ran))
        unlike.push(`${args.join(' ')}: ${ran.status}, not ${ends}: ${ran.stderr}`);
      // The last step of all gives the keys back in plaintext.
      if (step.writesPlaintext) rmSync(leak.world.credentialsPath);
    }
    leak.look();
  }
  expect(commandTable.filter(({ name }) => !names.has(name))).toEqual([]);
  expect(unlike).toEqual([]);
}

/** Watched at every write, on a busy machine, it may take longer than the command waits. */
function isLateAgent({ startsAgent }: Step, { status, stderr }: Ran): boolean {
  return startsAgent === true && status === 1 && /does not answer after \d+ s/.test(stderr);
}

function expectNoLeak(leak: LeakWorld): void {
  // Sessions, roles and a rotated key were there to be leaked.
  expect(leak.markerCount()).toBeGreaterThan(20);
  expect(leak.leaks()).toEqual([]);
}

/** Until it answers. */
async function watchedAgent({ world, env }: LeakWorld): Promise<ReturnType<typeof startWatched>> {
  const agent = startWatched(world, [program, 'agent', 'run'], { env });
  await until(async () => (await world.rolekeeper(['agent', 'status', '--json'])).status === 0, 'the agent answered', 30_000);
  return agent;
}

describe('no secret is left anywhere', { timeout: 600_000 }, () => {
  it('with the age store, without an agent', async () => {
    const leak = await openLeakWorld({ debug: false });
    try {
      await liveIn(leak);
      expectNoLeak(leak);
    } finally {
      await leak.close();
    }
  });

  it('with a keychain, an agent and --debug', async () => {
    const bus = await startSessionBus();
    const directory = dirname(bus.env['XDG_RUNTIME_DIR'] ?? '');
    const leak = await openLeakWorld({ keychainEnv: bus.env, directories: [directory], hasAgent: true, debug: true });
    try {
      const agent = await watchedAgent(leak);
      await liveIn(leak);
      leak.note(await agent.ended, { args: ['agent', 'run'] });
      expectNoLeak(leak);
    } finally {
      await leak.close();
      await bus.stop();
    }
  });

  it('with a passphrase, which opens the store for the agent', async () => {
    const [passphrase, wrong] = [randomBytes(24).toString('base64url'), randomBytes(24).toString('base64url')];
    const others = [
      { name: 'the passphrase', secret: passphrase },
      { name: 'a wrong passphrase', secret: wrong },
      { name: 'the identity behind it', secret: 'AGE-SECRET-KEY-1' },
    ];
    const leak = await openLeakWorld({ debug: true, others, env: { ROLEKEEPER_AGE_KEY_FILE: '' } });
    const { world } = leak;
    rmSync(world.env['ROLEKEEPER_AGE_KEY_FILE'] ?? '');
    const env = { ...world.env, ...leak.env };
    try {
      const shown = await runOnTerminal([program, 'import', 'corp', '--yes'], passphrase, { env });
      leak.note({ ...nothingSeen, stdout: shown }, { args: ['import'] });
      await runOnTerminal([program, 'login', 'corp', '--code', world.sts.totp('alice')], passphrase, { env });
      const refused: Step = { args: ['unlock'], stdin: `${wrong}\n` };
      leak.note(await leak.run(refused), refused);

      const agent = await watchedAgent(leak);
      const unlock: Step = { args: ['unlock'], stdin: `${passphrase}\n` };
      const opened = await leak.run(unlock);
      expect(opened).toMatchObject({ status: 0 });
      leak.note(opened, unlock);
      await succeed(world.rolekeeper(['get', 'dev'], { env: leak.env }));
      leak.look();
      await succeed(world.rolekeeper(['lock'], { env: leak.env }));
      await succeed(world.rolekeeper(['agent', 'stop'], { env: leak.env }));
      leak.note(await agent.ended, { args: ['agent', 'run'] });
      leak.look();
      expect(leak.leaks()).toEqual([]);
    } finally {
      await leak.close();
    }
  });
});
