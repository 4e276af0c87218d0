import { execFile, execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../src/errors.ts';
import { replaceText } from '../../src/system/replace-text.ts';
import { createTextFiles } from '../../src/system/text-files.ts';
import { Bundles } from '../harness/bundle-module.ts';

const uid = process.getuid?.() ?? 0;
const isRoot = uid === 0;
const nobody = 65_534;
const files = createTextFiles();
const noFile = undefined;

let home: string;
let path: string;
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'rk-files-')));
  path = join(home, 'config');
});
afterEach(() => {
  for (const name of readdirSync(home)) if (lstatSync(join(home, name)).isDirectory()) chmodSync(join(home, name), 0o700);
  rmSync(home, { recursive: true, force: true });
});

function failureOf(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error instanceof AppError ? { code: error.code, ...error.details } : error;
  }
}

function modeOf(file: string): string {
  return (statSync(file).mode & 0o7777).toString(8);
}

/** To root alone does the system lend another user's eyes; everybody else has permissions that bind anyway. */
function asOrdinaryUser<T>(act: () => T): T {
  if (!isRoot) return act();
  if (process.seteuid === undefined) throw new Error('a system without users has no root');
  process.seteuid(nobody);
  try {
    return act();
  } finally {
    process.seteuid(0);
  }
}

const ordinaryUid = isRoot ? nobody : uid;

describe('read', () => {
  it('gives the whole text, BOM and line ends as they are', () => {
    for (const text of ['', '\ufeff[default]\r\nregion = eu-west-1\r\n', 'name = Jürgen 日本 😀']) {
      writeFileSync(path, text);
      expect(files.read(path)).toBe(text);
    }
  });

  it('gives undefined for a file that is not there, be it behind a link or in no directory', () => {
    symlinkSync(join(home, 'nothing'), path);
    expect(files.read(join(home, 'nothing'))).toBeUndefined();
    expect(files.read(path)).toBeUndefined();
    expect(files.read(join(home, '.aws', 'config'))).toBeUndefined();
  });

  it('gives an empty text for /dev/null, which switches a file off', () => {
    expect(files.read('/dev/null')).toBe('');
  });

  it('names the line that is not UTF-8, and reads none of it', () => {
    writeFileSync(path, Buffer.from('one\ntwo \xfc\nthree \xfc\n', 'latin1'));
    expect(failureOf(() => files.read(path))).toEqual({ code: 'config-unreadable', path, problem: 'line 2 is not UTF-8 text' });
    writeFileSync(path, Buffer.from('one\ntwo\nJ\xfcrgen', 'latin1'));
    expect(failureOf(() => files.read(path))).toMatchObject({ problem: 'line 3 is not UTF-8 text' });
  });

  it('says in words what is in the way', () => {
    writeFileSync(join(home, 'file'), '');
    writeFileSync(path, '');
    chmodSync(path, 0);
    const problems = [() => files.read(home), () => files.read(join(home, 'file', 'config'))].map(failureOf);
    expect(problems).toEqual([
      { code: 'config-unreadable', path: home, problem: 'it is not a file' },
      { code: 'config-unreadable', path: join(home, 'file', 'config'), problem: 'a part of this path is not a directory' },
    ]);
    chmodSync(home, 0o755);
    expect(failureOf(() => asOrdinaryUser(() => files.read(path)))).toEqual({
      code: 'config-unreadable',
      path,
      problem: 'permission denied',
    });
  });
});

describe('replace', () => {
  it('makes a new file for the user alone, whatever the umask', () => {
    const umask = process.umask(0);
    try {
      files.replace(path, noFile, 'new');
    } finally {
      process.umask(umask);
    }
    expect([readFileSync(path, 'utf8'), modeOf(path)]).toEqual(['new', '600']);
    expect(readdirSync(home)).toEqual(['config']);
  });

  it('makes the directory that is missing, for the user alone', () => {
    files.replace(join(home, 'a', '.aws', 'config'), noFile, 'new');
    expect(readFileSync(join(home, 'a', '.aws', 'config'), 'utf8')).toBe('new');
    expect([join(home, 'a'), join(home, 'a', '.aws')].map(modeOf)).toEqual(['700', '700']);
  });

  it.each([0o600, 0o644, 0o640, 0o400, 0o666])('keeps the mode %o', (mode) => {
    writeFileSync(path, 'old');
    chmodSync(path, mode);
    files.replace(path, 'old', 'new');
    expect([readFileSync(path, 'utf8'), modeOf(path)]).toEqual(['new', mode.toString(8)]);
  });

  it('leaves the old file whole for whoever has it open: it is another file', () => {
    writeFileSync(path, 'old');
    const before = statSync(path).ino;
    files.replace(path, 'old', 'new');
    expect(statSync(path).ino).not.toBe(before);
  });

  it('writes nothing when the file has changed since it was read', () => {
    writeFileSync(path, 'theirs');
    const refusal = {
      code: 'config-unwritable',
      path,
      problem: 'another program changed it at the same time',
      hint: 'run the command again',
    };
    expect(failureOf(() => files.replace(path, 'old', 'new'))).toEqual(refusal);
    expect(failureOf(() => files.replace(path, noFile, 'new'))).toEqual(refusal);
    expect(failureOf(() => files.replace(join(home, 'gone'), 'old', 'new'))).toMatchObject({ path: join(home, 'gone') });
    expect(readFileSync(path, 'utf8')).toBe('theirs');
    expect(readdirSync(home)).toEqual(['config']);
  });

  it('looks once more when the new text is on the disk already', () => {
    writeFileSync(path, 'old');
    let reads = 0;
    const read = (file: string) => {
      reads += 1;
      if (reads === 2) {
        expect(readdirSync(home)).toHaveLength(2);
        writeFileSync(file, 'theirs');
      }
      return readFileSync(file, 'utf8');
    };
    const act = () => replaceText({ path, expected: 'old', text: 'new' }, { uid, read });
    expect(failureOf(act)).toMatchObject({ code: 'config-unwritable' });
    expect(readFileSync(path, 'utf8')).toBe('theirs');
    expect(readdirSync(home)).toEqual(['config']);
  });

  // Never tried on /dev/null itself: with the check broken, a run as root would take that from the whole machine.
  it.each([
    ['a directory', (place: string) => mkdirSync(place)],
    ['a pipe, as a device would be', (place: string) => execFileSync('mkfifo', [place])],
  ])('does not replace %s', (_name, make) => {
    make(path);
    const kind = statSync(path).mode;
    const replace = () => replaceText({ path, expected: '', text: 'new' }, { uid, read: () => '' });
    expect(failureOf(replace)).toEqual({ code: 'config-unwritable', path, problem: 'it is not an ordinary file' });
    expect(statSync(path).mode).toBe(kind);
    expect(readdirSync(home)).toEqual(['config']);
  });

  it('is not hindered by what a killed writer left, and removes it after an hour', () => {
    const [old, young] = ['.rolekeeper-tmp-1-a-config', '.rolekeeper-tmp-2-b-config'];
    for (const name of [old, young, '.tmp-of-somebody']) writeFileSync(join(home, name), '');
    const twoHoursAgo = new Date(Date.now() - 7_200_000);
    for (const name of [old, '.tmp-of-somebody']) utimesSync(join(home, name), twoHoursAgo, twoHoursAgo);
    files.replace(path, noFile, 'new');
    expect(readdirSync(home).sort()).toEqual([young, '.tmp-of-somebody', 'config'].sort());
  });
});

describe('replace behind links', () => {
  const elsewhere = () => join(home, 'dotfiles', 'aws-config');
  beforeEach(() => mkdirSync(dirname(elsewhere())));

  it.each([
    ['an absolute link', () => elsewhere()],
    ['a relative link', () => 'dotfiles/aws-config'],
  ])('%s stays, and its target changes', (_name, target) => {
    writeFileSync(elsewhere(), 'old', { mode: 0o640 });
    chmodSync(elsewhere(), 0o640);
    symlinkSync(target(), path);
    files.replace(path, 'old', 'new');
    expect(readlinkSync(path)).toBe(target());
    expect([readFileSync(elsewhere(), 'utf8'), modeOf(elsewhere())]).toEqual(['new', '640']);
    expect(readdirSync(dirname(elsewhere()))).toEqual(['aws-config']);
  });

  it.each([
    ['an absolute link', () => elsewhere()],
    ['a relative link', () => 'dotfiles/aws-config'],
  ])('%s that leads to nothing yet stays, and its target is made', (_name, target) => {
    symlinkSync(target(), path);
    files.replace(path, noFile, 'new');
    expect(readlinkSync(path)).toBe(target());
    expect([readFileSync(elsewhere(), 'utf8'), modeOf(elsewhere())]).toEqual(['new', '600']);
  });

  it('a link to a link, out of a directory that is a link itself, is followed as the system does', () => {
    mkdirSync(join(home, 'real', 'deep'), { recursive: true });
    symlinkSync('real/deep', join(home, '.aws'));
    symlinkSync('../hop', join(home, 'real', 'deep', 'config'));
    symlinkSync('../dotfiles/aws-config', join(home, 'real', 'hop'));
    files.replace(join(home, '.aws', 'config'), noFile, 'first');
    expect(readFileSync(elsewhere(), 'utf8')).toBe('first');
    expect(readFileSync(join(home, '.aws', 'config'), 'utf8')).toBe('first');
    files.replace(join(home, '.aws', 'config'), 'first', 'second');
    expect(readFileSync(elsewhere(), 'utf8')).toBe('second');
  });

  it('a file with a hard link is left alone: its other name would keep the old text', () => {
    writeFileSync(path, 'old');
    linkSync(path, join(home, 'backup'));
    expect(failureOf(() => files.replace(path, 'old', 'new'))).toMatchObject({
      code: 'config-unwritable',
      path,
      problem: 'it has another name, by a hard link, under which the old text would stay',
    });
    expect(() => files.refuseHardLink(path)).toThrow('another name');
    expect(readFileSync(path, 'utf8')).toBe('old');
    unlinkSync(join(home, 'backup'));
    files.refuseHardLink(path);
    files.replace(path, 'old', 'new');
    expect(readFileSync(path, 'utf8')).toBe('new');
  });

  it('a circle of links is named, and a target in no directory is not invented', () => {
    symlinkSync('config', path);
    expect(failureOf(() => files.replace(path, noFile, 'new'))).toEqual({
      code: 'config-unwritable',
      path,
      problem: 'its links form a circle',
    });
    symlinkSync(join(home, 'unmounted', 'config'), join(home, 'credentials'));
    expect(failureOf(() => files.replace(join(home, 'credentials'), noFile, 'new'))).toMatchObject({
      code: 'config-unwritable',
      problem: 'there is no such directory',
    });
    expect(existsSync(join(home, 'unmounted'))).toBe(false);
  });
});

describe('isOneFile', () => {
  it('sees through links of both kinds, and takes no two files that are not there for one', () => {
    const at = (name: string) => join(home, name);
    writeFileSync(path, 'same');
    writeFileSync(at('other'), 'same');
    symlinkSync('config', at('symbolic'));
    linkSync(path, at('hard'));
    for (const name of ['symbolic', 'hard', 'config']) {
      expect([files.isOneFile(path, at(name)), files.isOneFile(at(name), path)], name).toEqual([true, true]);
    }
    for (const name of ['other', 'missing']) {
      expect([files.isOneFile(path, at(name)), files.isOneFile(at(name), path)], name).toEqual([false, false]);
    }
    expect(files.isOneFile(at('missing'), at('gone'))).toBe(false);
    expect(files.isOneFile(at('missing'), at('missing'))).toBe(true);
  });
});

describe('remove', () => {
  it('takes away the file that a command has made, also behind a link that led nowhere', () => {
    const link = join(home, 'link');
    symlinkSync(path, link);
    files.replace(link, noFile, 'made');
    files.remove(link, 'made');
    expect(existsSync(path)).toBe(false);
    expect(readlinkSync(link)).toBe(path);
  });

  it('leaves a file that somebody has changed since', () => {
    files.replace(path, noFile, 'made');
    writeFileSync(path, 'changed');
    expect(() => files.remove(path, 'made')).toThrow('another program changed it');
    expect(readFileSync(path, 'utf8')).toBe('changed');
  });
});

describe('replace among other users', () => {
  const foreign = 4_294_967; // a uid that owns none of this
  const refused = (place: string, ownerUid: number) => ({ code: 'foreign-owner', path: place, ownerUid });

  // Only root may give files away; without it our own files play the foreign ones, seen by somebody else.
  function giveAway(place: string): { readonly ownerUid: number; readonly actAs: number } {
    if (!isRoot) return { ownerUid: uid, actAs: foreign };
    lchownSync(place, foreign, foreign);
    return { ownerUid: foreign, actAs: 0 };
  }

  it("leaves another user's file alone", () => {
    writeFileSync(path, 'old');
    const { ownerUid, actAs } = giveAway(path);
    const place = isRoot ? path : home;
    expect(failureOf(() => createTextFiles(actAs).replace(path, 'old', 'new'))).toEqual(refused(place, ownerUid));
    expect([readFileSync(path, 'utf8'), ...readdirSync(home)]).toEqual(['old', 'config']);
  });

  it("makes nothing in another user's directory", () => {
    const { ownerUid, actAs } = giveAway(home);
    const places = [path, join(home, '.aws', 'config')];
    for (const place of places) {
      expect(failureOf(() => createTextFiles(actAs).replace(place, noFile, 'new'))).toEqual(refused(home, ownerUid));
    }
    expect(readdirSync(home)).toEqual([]);
  });

  it('does not follow a link that another user has laid', () => {
    mkdirSync(join(home, 'mine'));
    symlinkSync('mine/config', path);
    const { ownerUid, actAs } = giveAway(path);
    expect(failureOf(() => createTextFiles(actAs).replace(path, noFile, 'new'))).toEqual(refused(path, ownerUid));
    expect(readdirSync(join(home, 'mine'))).toEqual([]);
  });

  it('keeps the group, or takes from the mode what another group would gain', () => {
    writeFileSync(path, 'old');
    chmodSync(path, 0o664);
    const group = isRoot ? 12_345 : (process.getgid?.() ?? 0);
    chownSync(path, uid, group);
    files.replace(path, 'old', 'new');
    expect([statSync(path).gid, modeOf(path)]).toEqual([group, '664']);
    if (!isRoot) return; // a file of a group that is not one's own is something only root can make
    chownSync(path, nobody, group);
    chownSync(home, nobody, 0);
    asOrdinaryUser(() => createTextFiles(nobody).replace(path, 'new', 'newer'));
    expect([readFileSync(path, 'utf8'), statSync(path).uid, modeOf(path)]).toEqual(['newer', nobody, '604']);
  });

  it('says so when the directory takes no files, and leaves the file as it was', () => {
    const directory = join(home, 'read-only');
    mkdirSync(directory);
    writeFileSync(join(directory, 'config'), 'old');
    chmodSync(home, 0o755);
    chmodSync(directory, 0o500);
    for (const place of [join(directory, 'config'), directory]) if (isRoot) chownSync(place, nobody, nobody);
    const replace = () => createTextFiles(ordinaryUid).replace(join(directory, 'config'), 'old', 'new');
    expect(failureOf(() => asOrdinaryUser(replace))).toEqual({
      code: 'config-unwritable',
      path: join(directory, 'config'),
      problem: 'permission denied',
    });
    expect([readFileSync(join(directory, 'config'), 'utf8'), ...readdirSync(directory)]).toEqual(['old', 'config']);
  });
});

describe('replace by several processes', () => {
  const run = promisify(execFile);
  let bundles: Bundles;
  let worker: string;
  beforeAll(() => {
    bundles = new Bundles();
    worker = bundles.add('test/system/replace-worker.ts');
  });
  afterAll(() => bundles.close());

  // A disk that is full and a quota end a write in the same place; a file size limit of nothing needs no disk of its own.
  it('keeps the old file and leaves nothing behind when the disk takes no more', async () => {
    writeFileSync(path, 'old');
    const { stdout } = await run('sh', ['-c', 'ulimit -f 0 && exec "$0" "$@"', process.execPath, worker, path, 'new']);
    expect(JSON.parse(stdout)).toEqual([
      { code: 'config-unwritable', details: { path, problem: 'the file size limit is reached' } },
    ]);
    expect([readFileSync(path, 'utf8'), ...readdirSync(home)]).toEqual(['old', 'config']);
  });

  it('says so where the file system takes no files of anybody', async () => {
    const { stdout } = await run(process.execPath, [worker, '/sys/kernel/config-of-rolekeeper', 'new']);
    expect(JSON.parse(stdout)).toMatchObject([{ code: 'config-unwritable' }]);
  });

  // In a process of its own, which can be ended if it waits after all.
  it('does not wait for whoever may write into a pipe', async () => {
    execFileSync('mkfifo', [path]);
    const { stdout } = await run(process.execPath, [worker, path, 'new'], { timeout: 10_000 });
    expect(JSON.parse(stdout)).toEqual([{ code: 'config-unreadable', details: { path, problem: 'it is not a file' } }]);
  });

  it('has a whole text at every moment, and refuses rather than guesses', async () => {
    writeFileSync(path, '');
    let isOver = false;
    const writers = ['a', 'b', 'c'].map((name) => run(process.execPath, [worker, path, `${name.repeat(2000)}\n`, '15']));
    const all = Promise.all(writers).finally(() => {
      isOver = true;
    });
    const broken: string[] = [];
    while (!isOver) {
      const text = files.read(path) ?? 'gone';
      if (!/^(?:(?:a{2000}|b{2000}|c{2000})\n)*$/.test(text)) broken.push(text.slice(-50));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const endings = (await all).flatMap(({ stdout }): readonly unknown[] => JSON.parse(stdout));
    expect(broken).toEqual([]);
    expect(endings).toHaveLength(45);
    expect(endings.filter((ending) => ending === 'written').length).toBeGreaterThan(0);
    const refusals = endings.filter((ending) => ending !== 'written');
    for (const refusal of refusals) expect(refusal).toMatchObject({ code: 'config-unwritable', details: { path } });
    expect(readdirSync(home)).toEqual(['config']);
  });
});
