import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseProfileName } from '../../src/config/names.ts';
import type { KeysNote, UndoNote } from '../../src/config/undo-note.ts';
import { sha256Hex } from '../../src/credentials/digest.ts';
import { removeState } from '../../src/system/state-removal.ts';
import { createUndoNotes } from '../../src/system/undo-file.ts';

const corp = parseProfileName('corp');
const dev = parseProfileName('dev');

let home: string;
let base: string;
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'rk-undo-')));
  base = join(home, 'state');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function notesOf(configPath: string, machine = '0'.repeat(16)) {
  return createUndoNotes({ base, machine, owner: { uid: process.getuid?.(), home }, configPath });
}

function importInto(path: string, keys = 'corp'): KeysNote {
  return { command: 'import', keys: parseProfileName(keys), records: [{ path, before: 'b', lines: [], steps: [] }] };
}

/** As older versions kept it: by the profile's name alone, on one machine. */
function keepOld(note: UndoNote, machine = '0'.repeat(16)): string {
  const path = join(base, machine, `undo-${sha256Hex(corp).slice(0, 16)}.json`);
  mkdirSync(join(base, machine), { recursive: true, mode: 0o700 });
  writeFileSync(path, JSON.stringify({ v: 1, ...note }));
  return path;
}

describe('undo notes', () => {
  it('are of one profile in one config file, for every machine', () => {
    notesOf('/a').keep(corp, importInto('/a'));
    notesOf('/b').keep(corp, importInto('/b'));
    expect(notesOf('/a', '1'.repeat(16)).read(corp)).toEqual(importInto('/a'));
    expect(notesOf('/b').read(corp)).toEqual(importInto('/b'));
    expect(notesOf('/b').read(dev)).toBeUndefined();
    notesOf('/a').forget(corp);
    expect(notesOf('/a').read(corp)).toBeUndefined();
    expect(notesOf('/b').read(corp)).toBeDefined();
  });

  it('go along with a home that is copied, and are about the files there', () => {
    const [config, credentials] = [join(home, '.aws', 'config'), join(home, '.aws', 'credentials')];
    const bob: UndoNote = { ...importInto(credentials), earlier: [importInto(credentials, 'bob')] };
    notesOf(config).keep(corp, bob);
    const copy = realpathSync(mkdtempSync(join(tmpdir(), 'rk-undo-')));
    try {
      cpSync(home, copy, { recursive: true });
      const owner = { uid: process.getuid?.(), home: copy };
      const place = { base: join(copy, 'state'), machine: '0'.repeat(16), owner, configPath: join(copy, '.aws', 'config') };
      const itsCredentials = join(copy, '.aws', 'credentials');
      const itsNote = { ...importInto(itsCredentials), earlier: [importInto(itsCredentials, 'bob')] };
      expect(createUndoNotes(place).read(corp)).toEqual(itsNote);
      expect(createUndoNotes(place).all([corp])).toMatchObject([{ profile: 'corp', otherPath: undefined }]);
      createUndoNotes(place).forget(corp);
      expect(createUndoNotes(place).read(corp)).toEqual(importInto(itsCredentials, 'bob'));
      expect(notesOf(config).read(corp)).toEqual(bob);
    } finally {
      rmSync(copy, { recursive: true });
    }
  });

  it('are all found, the newest first, whatever config file they are of', () => {
    notesOf('/a').keep(corp, importInto('/a'));
    utimesSync(join(base, readdirSync(base)[0] ?? ''), 1, 1);
    notesOf('/b').keep(dev, importInto('/b'));
    const found = notesOf('/a').all([]);
    expect(found.map(({ profile, otherPath }) => [profile, otherPath])).toEqual([
      ['dev', '/b'],
      ['corp', undefined],
    ]);
    found[0]?.forget();
    expect(notesOf('/b').read(dev)).toBeUndefined();
    expect(
      notesOf('/c')
        .all([corp, dev])
        .map(({ otherPath }) => otherPath),
    ).toEqual(['/a']);
    rmSync(base, { recursive: true });
    expect(notesOf('/a').all([corp])).toEqual([]);
  });

  it('that lie beneath come up, in the place of those that are forgotten', () => {
    const beneath = importInto('/a', 'bob');
    notesOf('/a').keep(corp, {
      ...importInto('/a'),
      earlier: [{ ...beneath, command: 'import', keys: parseProfileName('bob') }],
    });
    notesOf('/a').forget(corp);
    expect(notesOf('/a').read(corp)).toEqual(beneath);
    notesOf('/b').all([])[0]?.forget();
    expect(notesOf('/a').read(corp)).toBeUndefined();
  });
});

describe('an undo note of an older version', () => {
  it('is read where it is about this config file, and goes when another takes its place', () => {
    const path = keepOld(importInto('/a'));
    utimesSync(path, 7, 7);
    expect(notesOf('/a').read(corp)).toEqual(importInto('/a'));
    expect(notesOf('/a').keptAtMs(corp)).toBe(7000);
    notesOf('/a').keep(corp, importInto('/a', 'bob'));
    expect(existsSync(path)).toBe(false);
    expect(notesOf('/a').read(corp)).toEqual(importInto('/a', 'bob'));
  });

  it("is another config file's otherwise, and neither read nor forgotten for this one", () => {
    const path = keepOld(importInto('/a'));
    expect([notesOf('/b').read(corp), notesOf('/b').keptAtMs(corp)]).toEqual([undefined, undefined]);
    notesOf('/b').keep(corp, importInto('/b'));
    notesOf('/b').forget(corp);
    expect(existsSync(path)).toBe(true);
    expect(notesOf('/b').all([corp])).toMatchObject([{ profile: 'corp', otherPath: '/a' }]);
    notesOf('/a').forget(corp);
    expect(existsSync(path)).toBe(false);
  });

  it('with a relative path is read for each, to be refused there', () => {
    keepOld(importInto('config'));
    expect(notesOf('/a').read(corp)).toEqual(importInto('config'));
    expect(notesOf('/a').all([corp])).toMatchObject([{ otherPath: undefined }]);
  });
});

describe('the removal of the state', () => {
  it('leaves the notes to the other machines that share them, and takes them along with the last', () => {
    for (const machine of ['0', '1']) mkdirSync(join(base, machine.repeat(16)), { recursive: true, mode: 0o700 });
    notesOf('/a').keep(corp, importInto('/a'));
    removeState({ base, machine: '0'.repeat(16), home });
    expect(notesOf('/a').read(corp)).toBeDefined();
    expect(removeState({ base, machine: '1'.repeat(16), home })).toEqual([]);
    expect(existsSync(base)).toBe(false);
  });
});
