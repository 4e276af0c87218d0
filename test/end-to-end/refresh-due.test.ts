// `refresh` as a timer runs it: what it leaves alone, and whom it tells. The desktop is a notify-send that writes down what it is given.

import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openUsualWorld, type Ran, succeed, type World } from '../harness/world.ts';

const minute = 60_000;
const day = 86_400_000;
let world: World;
beforeEach(async () => {
  world = await openUsualWorld();
  await succeed(world.rolekeeper(['get', 'dev']));
  mkdirSync(join(world.home, 'bin'));
  // Slower than our own end: under systemd, the end of the service would be its end.
  const script = `#!/bin/sh\nsleep 0.3\nprintf '%s\\n' "$@" >> '${join(world.home, 'told')}'\n`;
  writeFileSync(join(world.home, 'bin', 'notify-send'), script, { mode: 0o755 });
});
afterEach(() => world.close());

function due(env: Readonly<Record<string, string | undefined>> = {}): Promise<Ran> {
  const desktop = { PATH: `${join(world.home, 'bin')}:${world.env['PATH']}`, DBUS_SESSION_BUS_ADDRESS: 'unix:path=/none' };
  return world.rolekeeper(['refresh', '--due', '--quiet'], { env: { ...desktop, ROLEKEEPER_NOTIFY: 'always', ...env } });
}

/** Any call to AWS tells us its time: a code that it refuses will do. */
async function moveTime(ms: number): Promise<void> {
  world.sts.advance(ms);
  expect((await world.rolekeeper(['login', 'corp', '--code', '000000'])).status).not.toBe(0);
}

function told(): string {
  return existsSync(join(world.home, 'told')) ? readFileSync(join(world.home, 'told'), 'utf8') : '';
}

/** As if nobody had asked for so long. */
function ageAsked(ms: number): void {
  const state = join(world.home, 'state', 'rolekeeper');
  const notes = readdirSync(state, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.asked'));
  expect(notes).toHaveLength(1);
  const at = (Date.now() - ms) / 1000;
  for (const name of notes) utimesSync(join(state, name), at, at);
}

describe('refresh --due', () => {
  it('refresh --due leaves alone what nobody asked for within unused_days', async () => {
    await moveTime(45 * minute);
    ageAsked(2 * day);
    await succeed(due({ ROLEKEEPER_UNUSED_DAYS: '1' }));
    expect(world.sts.calls().AssumeRole).toBe(1);
    await succeed(due());
    expect(world.sts.calls().AssumeRole).toBe(2);
  });

  it('refresh --due warns before the session ends, and waits until that is shown; once', async () => {
    await moveTime(11 * 60 * minute + 40 * minute);
    await succeed(due());
    expect(told()).toMatch(/^AWS session of "corp" ends in (19|20) min$/m);
    expect(told()).toContain('rolekeeper login corp');
    const once = told();
    await succeed(due());
    expect(told()).toBe(once);
  });

  it('refresh --due warns of refreshes that fail while an answer is threatened', async () => {
    await moveTime(50 * minute);
    world.sts.fault({ kind: 'unavailable', status: 503 });
    expect((await due()).status).toBe(6);
    expect(told()).toContain('AWS credentials of "dev" cannot be refreshed');
  });

  it('refresh --due tells nobody where there is no session bus, or notifications are off', async () => {
    await moveTime(11 * 60 * minute + 40 * minute);
    // A user manager sets this one on every server.
    await succeed(due({ DBUS_SESSION_BUS_ADDRESS: undefined, XDG_RUNTIME_DIR: world.home }));
    await succeed(due({ ROLEKEEPER_NOTIFY: 'off' }));
    expect(told()).toBe('');
    await succeed(due());
    expect(told()).not.toBe('');
  });

  it('refresh of named profiles tells nobody', async () => {
    await moveTime(11 * 60 * minute + 40 * minute);
    await succeed(
      world.rolekeeper(['refresh', 'dev'], {
        env: { PATH: `${join(world.home, 'bin')}:${world.env['PATH']}`, DBUS_SESSION_BUS_ADDRESS: 'unix:path=/none' },
      }),
    );
    expect(told()).toBe('');
  });
});
