// The whole program on a real keychain that is locked, frozen, killed or not there.

import { spawnSync } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { startFakeAgent } from '../harness/fake-agent.ts';
import { type SessionBus, type SessionBusOptions, startSessionBus } from '../harness/session-bus.ts';
import { openUsualWorld, openWorld, type Ran, succeed, usualConfig, usualCredentials, type World } from '../harness/world.ts';

let bus: SessionBus;
let world: World;
afterEach(async () => {
  await world.close();
  await bus.stop();
});

async function usual(options: SessionBusOptions = {}): Promise<void> {
  bus = await startSessionBus(options);
  world = await openUsualWorld({ keychainEnv: bus.env });
  await succeed(world.rolekeeper(['get', 'dev']));
}

function expectStoreFailure(ran: Ran, words: RegExp): void {
  expect(ran).toMatchObject({ status: 5, stdout: '' });
  expect(ran.stderr).toMatch(words);
  expect(ran.stderr.trimEnd().split('\n')).toHaveLength(2);
  expect(ran.stderr).toContain('hint: ');
}

describe('a keychain that cannot', () => {
  it('locked: status 5 at once, no prompt, no call to AWS, nothing lost', async () => {
    await usual();
    bus.lock();
    const ran = await world.rolekeeper(['get', 'dev']);
    expectStoreFailure(ran, /locked/);
    expect(ran.tookMs).toBeLessThan(2_000);
    expect(world.sts.calls().AssumeRole).toBe(1);
    await bus.restartKeyring('unlocked');
    await succeed(world.rolekeeper(['get', 'dev']));
    expect(world.sts.calls().AssumeRole).toBe(1);
  });

  it('frozen: status 5 within the deadline, and the process ends', async () => {
    await usual();
    bus.freeze();
    const ran = await world.rolekeeper(['get', 'dev']);
    bus.thaw();
    expectStoreFailure(ran, /no answer in 1.5 s/);
    expect(ran.tookMs).toBeLessThan(4_000);
  });

  // The store was given its whole time by a process that came to it late.
  it('frozen, behind an agent that takes a request and then leaves: still within the deadline', async () => {
    await usual();
    const leaving = await startFakeAgent(world.env['ROLEKEEPER_RUNTIME_DIR'] ?? '', async ({ send, end }) => {
      await send('!');
      setTimeout(end, 3_000);
    });
    bus.freeze();
    const ran = await world.rolekeeper(['get', 'dev']);
    bus.thaw();
    await leaving.close();
    expectStoreFailure(ran, /no answer in 0\.\d s/);
    expect(ran.tookMs).toBeLessThan(4_200);
  });

  // Its wait for the keychain was taken for a machine without a moment to spare, and it gave itself 15 s.
  it('slow: the answer keeps its deadline all the same', async () => {
    await usual();
    world.sts.fault({ kind: 'slow', ms: 30_000 });
    bus.freeze();
    const thawing = setTimeout(() => bus.thaw(), 900);
    const ran = await world.rolekeeper(['get', 'ops']);
    clearTimeout(thawing);
    expect(ran).toMatchObject({ status: 7, stdout: '', stderr: expect.stringContaining('took longer than') });
    expect(ran.tookMs).toBeLessThan(4_500);
  });

  it('frozen: who waits for it is told so, and served when it answers', async () => {
    await usual();
    bus.freeze();
    const logout = world.rolekeeper(['logout', 'dev']);
    const thawing = setTimeout(() => bus.thaw(), 3_500);
    const ran = await logout;
    clearTimeout(thawing);
    expect(ran.stderr).toMatch(/^waiting for the Secret Service keyring, for 60 s at most: /m);
    expect(ran.status).toBe(0);
  });

  it('killed and started anew: the next get is served', async () => {
    await usual();
    await bus.restartKeyring('unlocked');
    await succeed(world.rolekeeper(['get', 'dev']));
    expect(world.sts.calls().AssumeRole).toBe(1);
  });

  it('no bus, and a bus without a keychain: status 5 and what to do instead; never another store', async () => {
    bus = await startSessionBus({ keyring: 'none' });
    world = await openWorld({ keychainEnv: bus.env });
    world.writeConfig(usualConfig);
    world.writeCredentials(usualCredentials);
    expectStoreFailure(await world.rolekeeper(['get', 'dev']), /Secret Service/);
    const away = { DBUS_SESSION_BUS_ADDRESS: `unix:path=${world.home}/none`, XDG_RUNTIME_DIR: world.home };
    expectStoreFailure(await world.rolekeeper(['get', 'dev'], { env: away }), /Secret Service/);
    expectStoreFailure(await world.rolekeeper(['import', 'corp', '--yes']), /Secret Service/);
    expect(world.readCredentials()).toBe(usualCredentials);
  });

  it('another program reads our items as keytar wrote them', async () => {
    await usual();
    const found = spawnSync('secret-tool', ['lookup', 'service', 'rolekeeper', 'account', 'keys/corp'], {
      env: { ...bus.env },
      encoding: 'utf8',
    });
    expect(found.status).toBe(0);
    expect(JSON.parse(found.stdout)).toMatchObject({ v: 1, accessKeyId: 'AKIAIOSFODNN7EXAMPLE' });
  });

  it('a broken item is replaced by the next get, and one of a newer format is left alone', async () => {
    await usual();
    const role = spawnSync('secret-tool', ['lookup', 'service', 'rolekeeper', 'account', 'index'], {
      env: { ...bus.env },
      encoding: 'utf8',
    });
    const account = /role\/[0-9a-f]{32}/.exec(role.stdout)?.[0] ?? '';
    const put = (text: string) =>
      spawnSync(
        'secret-tool',
        ['store', '--label', 'x', 'service', 'rolekeeper', 'account', account, 'xdg:schema', 'org.freedesktop.Secret.Generic'],
        {
          env: { ...bus.env },
          input: text,
        },
      );
    expect(put('{"v":1,').status).toBe(0);
    await succeed(world.rolekeeper(['get', 'dev']));
    expect(world.sts.calls().AssumeRole).toBe(2);
    expect(put('{"v":99}').status).toBe(0);
    expectStoreFailure(await world.rolekeeper(['get', 'dev']), /newer rolekeeper/);
  });

  it('long-term keys never leave the keychain: not in state, files, or on stderr with --debug', async () => {
    await usual();
    const debugged = await world.rolekeeper(['refresh', 'dev', '--force', '--debug']);
    expect(debugged.stderr).toContain('refresh.done');
    const secret = 'wJalrXUtnFEMI';
    expect(debugged.stderr).not.toContain(secret);
    const searched = await world.run('grep', ['-rlE', `${secret}|ASIA[A-Z0-9]{16}`, world.home]);
    expect(searched.stdout).toBe('');
  });
});
