// On stand-ins for systemctl and its like, in a PATH of their own.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createServiceManager } from '../../src/system/service-manager.ts';

let bin: string;
beforeEach(() => {
  bin = mkdtempSync(join(tmpdir(), 'rk-manager-'));
});
afterEach(() => rmSync(bin, { recursive: true, force: true }));

function program(name: string, script: string): void {
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

function manager(env: Readonly<Record<string, string>> = {}, platform: NodeJS.Platform = 'linux') {
  return createServiceManager({ env: { PATH: `${bin}:/usr/bin:/bin`, ...env }, platform, uid: process.getuid?.() });
}

/** No PATH but this one, so that the machine's own systemd cannot answer. */
const alone = () => manager({ PATH: bin });

describe('run', () => {
  it('run gives the status and both streams, without a shell in between', async () => {
    program('tool', 'echo "$1"; echo problem >&2; exit 3');
    const { status, output } = await manager().run({ words: ['tool', '$HOME; a b'] });
    expect(status).toBe(3);
    expect(output.split('\n').sort()).toEqual(['$HOME; a b', 'problem']);
  });

  it('run says so when there is no such program, or it cannot be run', async () => {
    writeFileSync(join(bin, 'text'), '');
    expect(await alone().run({ words: ['nothing'] })).toEqual({ status: 127, output: 'nothing: there is no such program' });
    expect((await alone().run({ words: [join(bin, 'text')] })).status).toBe(126);
  });

  it('run ends when the time is over, though the program and its children do not', async () => {
    program('tool', "trap '' TERM; echo begun; sleep 30; sleep 30");
    const startedAt = performance.now();
    const { status, output } = await manager().run({ words: ['tool'], endMs: 300 });
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect([status, output.endsWith('(ended after 0.3 s)')]).toEqual([1, true]);
  });

  it('run has times printed in UTC', async () => {
    program('tool', 'date -d @0 +%H:%M');
    expect(await manager({ TZ: 'Asia/Tokyo' }).run({ words: ['tool'] })).toEqual({ status: 0, output: '00:00' });
  });

  it('run of a detached command does not wait for it', async () => {
    program('tool', `while [ ! -e '${bin}/go' ]; do sleep 0.05; done; touch '${bin}/went'`);
    expect(await manager().run({ words: ['tool'], isDetached: true })).toEqual({ status: 0, output: '' });
    expect(existsSync(join(bin, 'went'))).toBe(false);
    writeFileSync(join(bin, 'go'), '');
    await vi.waitFor(() => expect(existsSync(join(bin, 'went'))).toBe(true), 5_000);
  });
});

describe('surroundings', () => {
  const answering = 'case "$*" in *UnitPath*) echo "/a/systemd/user /b c";; esac';

  it('surroundings has no systemd where its manager does not answer, or is not there', async () => {
    expect(await alone().surroundings()).toEqual({});
    program('systemctl', 'echo "Failed to connect to bus" >&2; exit 1');
    expect(await manager().surroundings()).toEqual({});
    expect(await manager({}, 'darwin').surroundings()).toEqual({});
  });

  it('surroundings tries a user namespace, and asks about lingering', async () => {
    program('systemctl', answering);
    program('systemd-run', `echo "$*" > '${bin}/asked'`);
    program('loginctl', 'echo no');
    expect(await manager().surroundings()).toEqual({
      systemd: { unitPath: ['/a/systemd/user', '/b'], canPrivateUsers: true, lingers: false },
    });
    expect(readFileSync(join(bin, 'asked'), 'utf8')).toContain('--property=PrivateUsers=yes');
  });

  it('surroundings takes a failed try for a no, and an unanswered question for an unknown', async () => {
    program('systemctl', answering);
    program('systemd-run', 'exit 217');
    program('loginctl', 'echo "Failed" >&2; exit 1');
    expect(await manager().surroundings()).toEqual({
      systemd: { unitPath: ['/a/systemd/user', '/b'], canPrivateUsers: false, lingers: undefined },
    });
  });
});
