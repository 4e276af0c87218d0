// The search of the leak tests: a planted secret is found in every form and in every place, and nothing else is.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../harness/session-bus.ts';
import { openWorld } from '../harness/world.ts';
import { searchFor } from './markers.ts';
import { filesBelow, processesNow, type Seen } from './places.ts';
import { watchedRun } from './watched-run.ts';

// A sign that every way of writing changes is in each piece that the search cuts it into.
const secret = Array.from({ length: 7 }, () => `${randomBytes(5).toString('hex')}/+`).join('');
const code = '493817';
const search = searchFor([
  { name: 'the secret', secret },
  { name: 'the code', secret: code },
]);
const placesOf = (seen: readonly Seen[]) => seen.filter(({ bytes }) => search.find(bytes).length > 0).map(({ place }) => place);

const middle = secret.slice(30, 30 + 2 * 12 - 1);
const forms: readonly (readonly [string, string | Buffer])[] = [
  ['as it is', secret],
  ['cut off on both sides', middle],
  ['in lines of 20', secret.replace(/.{20}/g, '$&\n')],
  ['percent-encoded', encodeURIComponent(secret)],
  ['percent-encoded in small letters', encodeURIComponent(secret).replace(/%../g, (text) => text.toLowerCase())],
  ['in JSON with escaped slashes', JSON.stringify(secret).replaceAll('/', '\\/')],
  ['in JSON with escapes by number', secret.replace(/[^\w]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`)],
  ['in UTF-16', Buffer.from(secret, 'utf16le')],
  ['in UTF-16, big-endian', Buffer.from(secret, 'utf16le').swap16()],
  ['in hex', Buffer.from(secret).toString('hex')],
  ['in hex, in capitals', Buffer.from(secret).toString('hex').toUpperCase()],
  ['in base64', Buffer.from(secret).toString('base64')],
  ['in base64, after one byte', Buffer.from(`x${secret}`).toString('base64')],
  ['in base64, after two bytes', Buffer.from(`xy${secret}`).toString('base64')],
  ['in base64url', Buffer.from(`xyz${secret}`).toString('base64url')],
  ['in base64 of UTF-16, as PowerShell takes commands', Buffer.from(`x${secret}`, 'utf16le').toString('base64')],
];

describe('searchFor', () => {
  it.each(forms)('finds a secret %s', (_form, written) => {
    const noise = randomBytes(2_000);
    expect(search.find(Buffer.concat([noise, Buffer.from(written), noise]))).toEqual(['the secret']);
  });

  it('finds a code that stands alone, and no code in a longer number', () => {
    expect(search.find(Buffer.from(`{"code":"${code}"}`))).toEqual(['the code']);
    expect(search.find(Buffer.from(`1${code} ${code}0 f${code} 0.${code}`))).toEqual([]);
  });

  it('finds nothing in noise', () => {
    expect(search.find(randomBytes(1_000_000))).toEqual([]);
  });

  it('refuses what is too short to be told from chance', () => {
    expect(() => searchFor([{ name: 'short', secret: 'hunter2' }])).toThrow('short is too short');
  });
});

describe('the places', () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'rk-places-'));
  });
  afterEach(() => rmSync(home, { recursive: true }));

  it('are files at any depth, their names, and where links lead', () => {
    mkdirSync(join(home, '.deep', 'er'), { recursive: true });
    writeFileSync(join(home, '.deep', 'er', '.file'), secret);
    writeFileSync(join(home, encodeURIComponent(middle)), '');
    writeFileSync(join(home, 'clean'), 'nothing');
    symlinkSync(`/nowhere/${middle}`, join(home, 'link'));
    expect(placesOf(filesBelow(home))).toEqual(
      expect.arrayContaining([
        join(home, '.deep', 'er', '.file'),
        `the path ${join(home, encodeURIComponent(middle))}`,
        `the link ${join(home, 'link')}`,
      ]),
    );
    expect(placesOf(filesBelow(home))).not.toContain(join(home, 'clean'));
  });

  it('are the arguments and the environment of every process', async () => {
    const child = spawn('sleep', ['60'], { env: { ...process.env, PLANTED: secret }, argv0: `sleep-${secret}` });
    try {
      await until(() => placesOf(processesNow(process.pid)).includes(`/proc/${child.pid}/environ`), 'the process was seen');
      expect(placesOf(processesNow(process.pid))).toContain(`/proc/${child.pid}/cmdline`);
    } finally {
      child.kill('SIGKILL');
    }
  });
});

describe('watchedRun', () => {
  it('sees the arguments and the environment of a child of a child, and a file that is gone at once', async () => {
    const world = await openWorld();
    try {
      const inner = `sh -c 'true $0' '${secret}'; PLANTED='${secret}' true; env PLANTED='${secret}' true`;
      const file = join(world.home, 'short-lived');
      const line = `${inner}; cat >${file}; rm ${file}; echo done`;
      const { argv, environ, written, stdout } = await watchedRun(world, ['sh', '-c', line], { stdin: secret });
      expect(stdout).toBe('done\n');
      expect(placesOf(argv).length).toBeGreaterThanOrEqual(3);
      expect(placesOf(environ).length).toBeGreaterThanOrEqual(1);
      expect(placesOf(written)).toEqual([file]);
    } finally {
      await world.close();
    }
  });
});
