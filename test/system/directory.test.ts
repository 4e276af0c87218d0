import {
  chmodSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../src/errors.ts';
import { ensurePrivateDirectory, isOwnDirectory } from '../../src/system/directory.ts';

const uid = process.getuid?.() ?? 0;
/** Gives a path to another user, as far as the system lets us, and returns the uid to act as: to that one, the path is foreign. */
function giveAway(path: string): number {
  if (uid !== 0) return 4_294_967; // only root may give files away; to this uid they belong to another user as well
  lchownSync(path, 12_345, 12_345);
  return 0;
}

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'rk-home-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function ensure({ base = join(home, '.local', 'state', 'rolekeeper'), below = ['machine'], as = uid, of = home } = {}): string {
  return ensurePrivateDirectory({ base, below, owner: { uid: as, home: of } });
}

function failure(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error instanceof AppError ? { code: error.code, details: error.details } : error;
  }
}

function mode(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

describe('ensurePrivateDirectory', () => {
  it('makes all that is missing, for the user alone', () => {
    const path = ensure({ below: ['machine', 'locks'] });
    expect(path).toBe(join(home, '.local/state/rolekeeper/machine/locks'));
    expect([path, join(path, '..'), join(path, '../..'), join(home, '.local')].map(mode)).toEqual(['700', '700', '700', '700']);
  });

  it('takes what is there', () => {
    expect(ensure()).toBe(ensure());
  });

  it('narrows a directory that others may read or write', () => {
    const path = ensure();
    chmodSync(path, 0o777);
    chmodSync(join(path, '..'), 0o755);
    ensure();
    expect([mode(path), mode(join(path, '..'))]).toEqual(['700', '700']);
  });

  it('leaves the directories above its own as they are', () => {
    mkdirSync(join(home, '.local'));
    chmodSync(join(home, '.local'), 0o755);
    ensure();
    expect(mode(join(home, '.local'))).toBe('755');
  });

  it("makes nothing in another user's home, as sudo would", () => {
    const as = giveAway(home);
    expect(failure(() => ensure({ as }))).toMatchObject({ code: 'foreign-owner', details: { path: home } });
    expect(readdirSync(home)).toEqual([]);
  });

  it("makes nothing while HOME is another user's, wherever it would be", () => {
    const [theirs, ours] = [join(home, 'theirs'), join(home, 'ours')];
    mkdirSync(theirs);
    const as = giveAway(theirs);
    expect(failure(() => ensure({ as, of: theirs, base: ours }))).toMatchObject({
      code: 'foreign-owner',
      details: { path: theirs },
    });
    expect(existsSync(ours)).toBe(false);
  });

  it("makes nothing below another user's directory", () => {
    const theirs = join(home, 'theirs');
    mkdirSync(theirs);
    const as = giveAway(theirs);
    expect(failure(() => ensure({ as, of: '/', base: join(theirs, 'a', 'b') }))).toMatchObject({ code: 'foreign-owner' });
    expect(readdirSync(theirs)).toEqual([]);
  });

  it("refuses another user's directory in its place", () => {
    const path = ensure();
    const as = giveAway(path);
    expect(failure(() => ensure({ as, of: '/' }))).toMatchObject({ code: 'foreign-owner' });
  });

  it('refuses a link that another user planted', () => {
    const link = join(home, 'rolekeeper');
    mkdirSync(join(home, 'target'));
    symlinkSync(join(home, 'target'), link);
    const as = giveAway(link);
    expect(failure(() => ensure({ as, of: '/', base: link }))).toMatchObject({ code: 'foreign-owner' });
    expect(readdirSync(join(home, 'target'))).toEqual([]);
  });

  it('goes through a link of the user to a directory of the user', () => {
    const elsewhere = join(home, 'bigger-disk');
    mkdirSync(elsewhere);
    mkdirSync(join(home, '.local', 'state'), { recursive: true });
    symlinkSync(elsewhere, join(home, '.local', 'state', 'rolekeeper'));
    ensure();
    expect(existsSync(join(elsewhere, 'machine'))).toBe(true);
  });

  it('refuses a link that leads nowhere, and a file', () => {
    symlinkSync(join(home, 'nowhere'), join(home, 'link'));
    writeFileSync(join(home, 'file'), '');
    expect(failure(() => ensure({ base: join(home, 'link') }))).toMatchObject({ code: 'state-unwritable' });
    expect(failure(() => ensure({ base: join(home, 'file') }))).toMatchObject({
      code: 'state-unwritable',
      details: { path: join(home, 'file'), problem: 'it is not a directory' },
    });
  });

  it('says what is in the way of a new directory', () => {
    writeFileSync(join(home, '.local'), '');
    expect(failure(() => ensure())).toMatchObject({
      code: 'state-unwritable',
      details: { problem: expect.stringMatching(/not a directory/) },
    });
  });

  it('works where HOME does not exist, and where users have no numbers', () => {
    ensure({ of: join(home, 'gone') });
    const owner = { uid: undefined, home };
    expect(ensurePrivateDirectory({ base: join(home, 'windows'), below: [], owner })).toBe(join(home, 'windows'));
  });
});

describe('isOwnDirectory', () => {
  it('is true for a directory of this user only', () => {
    const [file, theirs] = [join(home, 'file'), join(home, 'theirs')];
    writeFileSync(file, '');
    mkdirSync(theirs);
    const as = giveAway(theirs);
    expect(isOwnDirectory(home, uid)).toBe(true);
    expect(isOwnDirectory(home, undefined)).toBe(true);
    expect([join(home, 'gone'), file, join(file, 'below')].map((path) => isOwnDirectory(path, uid))).toEqual([
      false,
      false,
      false,
    ]);
    expect(isOwnDirectory(theirs, as)).toBe(false);
  });
});
