// What a cached `get` loads, seen by V8's own list of the scripts of that process.

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { centerPair, centerSections, openCenterWorld } from '../harness/identity-center-world.ts';
import { type SessionBus, startSessionBus } from '../harness/session-bus.ts';
import { openUsualWorld, succeed, type World } from '../harness/world.ts';

describe('the hot path', () => {
  let bus: SessionBus;
  let world: World;
  beforeAll(async () => {
    bus = await startSessionBus();
    world = await openUsualWorld({ keychainEnv: bus.env });
    await succeed(world.rolekeeper(['get', 'dev']));
  });
  afterAll(async () => {
    await world.close();
    await bus.stop();
  });

  it('a cached get loads neither yargs nor the AWS SDK nor node-cron nor the lock, nor anything else that it does not need', async () => {
    const loaded = await sourcesLoadedBy(world, ['get', 'dev']);
    const packages = loaded.filter((path) => path.startsWith('node_modules/'));
    expect(packages.filter((path) => !path.startsWith('node_modules/@noble/hashes/'))).toEqual([]);
    const own = loaded.filter((path) => !packages.includes(path));
    const rooms = own.filter(
      (path) =>
        !/^src\/(main|errors|shell-word|wiring|config\/|credentials\/|stores\/|system\/|hops\/(keys|certificate-owner|person)|refresh\/(stored|left-until)|commands\/)/.test(
          path,
        ),
    );
    expect(rooms).toEqual([]);
    const cold =
      /^src\/(cli|sandbox|system\/(sts|lock|kernel-lock|lease|terminal|mfa)|stores\/(age|keytar|memory|item-index)|commands\/(?!get|report|stdout))/;
    expect(loaded.filter((path) => cold.test(path))).toEqual([]);
    expect(loaded).toContain('src/commands/get.ts');
    expect(loaded).toContain('src/stores/secret-service.ts');
  });

  it('a cached get of a profile of IAM Identity Center loads nothing more of it than its settings', {
    timeout: 60_000,
  }, async () => {
    const center = await openCenterWorld({ keychainEnv: bus.env });
    try {
      center.writeConfig(centerSections + centerPair('portal'));
      await succeed(center.rolekeeper(['login', 'portal'], { env: center.desktop }));
      await succeed(center.rolekeeper(['get', 'portal']));
      const loaded = await sourcesLoadedBy(center, ['get', 'portal']);
      expect(loaded).toContain('src/config/identity-center.ts');
      expect(loaded.filter((path) => /aws-sdk|open|uqr|sign-ins|portal\.ts|wiring-identity|hops\/identity/.test(path))).toEqual(
        [],
      );
    } finally {
      await center.close();
    }
  });

  it('a get that has to refresh is seen loading the AWS SDK: the list is not blind', async () => {
    const loaded = await sourcesLoadedBy(world, ['get', 'ops']);
    expect(loaded.some((path) => path.startsWith('node_modules/@aws-sdk/client-sts/'))).toBe(true);
  });
});

/** The sources behind the scripts of dist/ that the process loaded. V8 reports no script that it took from compiled code, so that stays behind. */
async function sourcesLoadedBy(world: World, args: readonly string[]): Promise<readonly string[]> {
  const directory = mkdtempSync(join(tmpdir(), 'rk-loaded-'));
  try {
    const [copy, seen] = [join(directory, 'dist'), join(directory, 'seen')];
    cpSync(resolve('dist'), copy, { recursive: true, filter: (path) => !path.endsWith('.cache') });
    await succeed(world.run(join(copy, 'rolekeeper'), args, { env: { NODE_V8_COVERAGE: seen } }));
    const reports = readdirSync(seen).map((name) => readFileSync(join(seen, name), 'utf8'));
    const scripts = reports.join('').match(/file:\/\/[^"]*\/dist\/[^"]*/g) ?? [];
    const contents = readContents();
    return [...new Set(scripts.map((url) => url.slice(url.indexOf('/dist/') + '/dist/'.length)))].flatMap(
      (name) => contents[name] ?? [],
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** What the build says of each file: the sources in it. */
function readContents(): Readonly<Record<string, readonly string[]>> {
  const parsed: Readonly<Record<string, readonly string[]>> = JSON.parse(readFileSync(resolve('dist/contents.json'), 'utf8'));
  return parsed;
}
