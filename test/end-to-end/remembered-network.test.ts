// Whose proxy a call to AWS goes over: a caller's own, or in the background that of whoever asked last.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningAgent, startAgent } from '../harness/agent.ts';
import { MovedClock } from '../harness/moved-clock.ts';
import { until } from '../harness/session-bus.ts';
import { type ProxyDouble, startProxy, startTlsFront, type TlsFront } from '../harness/tls-front.ts';
import { mfaSerial, openWorld, roleArn, succeed, usualCredentials, type World } from '../harness/world.ts';

const minute = 60_000;
let world: World;
let tls: TlsFront;
let proxy: ProxyDouble;
let clock: MovedClock;
let aheadMs: number;
let agent: RunningAgent | undefined;
beforeEach(async () => {
  world = await openWorld();
  [tls, proxy, clock] = [await startTlsFront(world.sts.url), await startProxy(), new MovedClock()];
  [aheadMs, agent] = [0, undefined];
  const more = `region = eu-west-1\nendpoint_url = ${tls.url}\nca_bundle = ${tls.caPath}\n`;
  const role = (name: string, lines = '') =>
    `[profile ${name.toLowerCase()}]\nrole_arn = ${roleArn(name)}\nsource_profile = corp\n${lines}${more}`;
  world.writeConfig(`[profile corp]\n${more}${role('Open')}${role('Dev', `mfa_serial = ${mfaSerial}\n`)}`);
  world.writeCredentials(usualCredentials);
});
afterEach(async () => {
  await agent?.kill();
  clock.close();
  await proxy.stop();
  await tls.stop();
  await world.close();
});

/** At the office the environment names the proxy; at home it names none. */
function run(place: 'office' | 'home', args: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const proxied = place === 'office' ? { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` } : {};
  return world.rolekeeper(args, { env: { ROLEKEEPER_AUTOSTART: '0', ...clock.env, ...proxied, ...more } });
}

function pass(ms: number): void {
  aheadMs += ms;
  world.sts.advance(ms);
  clock.move(aheadMs);
}

describe('the proxy of whoever asked last', () => {
  it.each([
    ['refresh --due', ['refresh', '--due'], {}],
    ['a refresh that left its sandbox', ['refresh', 'open'], { ROLEKEEPER_UNASKED: '1' }],
  ])('is what %s goes over', async (_which, args, more) => {
    await succeed(run('office', ['get', 'open']));
    const before = proxy.tunnels.length;
    pass(45 * minute);
    await succeed(run('home', args, more));
    expect([world.sts.calls().AssumeRole, proxy.tunnels.length > before]).toEqual([2, true]);
  });

  // Until logout, "the proxy does not answer" was all that anybody got at home.
  it('is no part of what a caller without one gets, nor of its login, and is forgotten with that', async () => {
    await succeed(run('office', ['get', 'open']));
    await succeed(run('office', ['login', 'dev', '--code', world.sts.totp('alice')]));
    const before = proxy.tunnels.length;
    await proxy.stop();
    pass(14 * 60 * minute);
    await succeed(run('home', ['get', 'open']));
    await succeed(run('home', ['login', 'dev', '--code', world.sts.totp('alice')]));
    await succeed(run('home', ['exec', 'dev', '--', 'true']));
    await succeed(run('home', ['refresh', '--force', 'open']));
    pass(45 * minute);
    await succeed(run('home', ['refresh', '--due']));
    expect([world.sts.calls().AssumeRole > 4, proxy.tunnels.length]).toEqual([true, before]);
  });

  it("is known to be wanted where a timer's refresh has to leave its sandbox", async () => {
    const [tool, bin, asked] = [join(world.home, 'tool'), join(world.home, 'bin'), join(world.home, 'asked')];
    const expiration = new Date(world.sts.now() + 60 * minute).toISOString();
    const document = { Version: 1, AccessKeyId: 'A', SecretAccessKey: 's', SessionToken: 't', Expiration: expiration };
    writeFileSync(tool, `#!/bin/sh\necho '${JSON.stringify(document)}'\n`, { mode: 0o755 });
    mkdirSync(bin);
    writeFileSync(join(bin, 'systemd-run'), `#!/bin/sh\necho "$@" > ${asked}.new && mv ${asked}.new ${asked}\n`, { mode: 0o755 });
    world.writeConfig(`${world.readConfig()}[profile tool]\ncredential_process = ${tool}\n`);
    for (const profile of ['open', 'tool']) await succeed(run('office', ['get', profile]));
    pass(45 * minute);
    await succeed(run('home', ['refresh', '--due'], { INVOCATION_ID: '0123', PATH: `${bin}:${world.env['PATH']}` }));
    await until(async () => existsSync(asked), 'systemd-run was asked');
    expect(readFileSync(asked, 'utf8')).toMatch(/--setenv=ROLEKEEPER_UNASKED .* refresh tool --quiet/);
  });

  it('is what a new agent goes over by itself', { timeout: 90_000 }, async () => {
    await succeed(run('office', ['get', 'open']));
    const before = proxy.tunnels.length;
    agent = await startAgent(world, { env: clock.env });
    pass(45 * minute);
    await until(async () => world.sts.calls().AssumeRole === 2, 'the agent refreshed by itself', 40_000);
    expect(proxy.tunnels.length).toBeGreaterThan(before);
  });
});
