import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sectionNames } from '../../src/config/aws-config.ts';
import type { ConfigFiles } from '../../src/config/profile-settings.ts';
import { createParsedFiles, type FilePair, type ParsedFiles } from '../../src/system/parsed-files.ts';
import { createTextFiles } from '../../src/system/text-files.ts';

let directory: string;
let pair: FilePair;
let files: ParsedFiles;
let reads: number;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rk-parsed-'));
  pair = { configPath: join(directory, 'config'), credentialsPath: join(directory, 'credentials') };
  const textFiles = createTextFiles();
  reads = 0;
  files = createParsedFiles({
    ...textFiles,
    read(path) {
      reads += 1;
      return textFiles.read(path);
    },
  });
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(directory, { recursive: true, force: true });
});

function write(text: string): void {
  writeFileSync(pair.configPath, text);
}

/** From now on what is on the disk has been there for a while. */
function later(): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
}

function read(of: FilePair = pair): ConfigFiles {
  return files.read(of);
}

function names({ config }: ConfigFiles): readonly string[] {
  return sectionNames(config, 'profile');
}

describe('createParsedFiles', () => {
  it('createParsedFiles gives the same object while nothing changes, and reads nothing', () => {
    write('[profile a]\n');
    later();
    const first = read();
    expect(names(first)).toEqual(['a']);
    for (let calls = 0; calls < 20; calls++) expect(read()).toBe(first);
    expect(reads).toBe(2);
  });

  it('createParsedFiles sees an edit at once', () => {
    write('[profile a]\n');
    later();
    read();
    write('[profile longer]\n');
    expect(names(read())).toEqual(['longer']);
  });

  it('createParsedFiles sees an edit that keeps the size and the times of the content', () => {
    write('[profile a]\n');
    const { mtimeMs } = statSync(pair.configPath);
    later();
    read();
    write('[profile b]\n');
    utimesSync(pair.configPath, mtimeMs / 1000, mtimeMs / 1000);
    expect(names(read())).toEqual(['b']);
  });

  it('createParsedFiles sees two edits of one size within one tick of the clock', () => {
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) {
      write(`[profile ${name}]\n`);
      expect(names(read())).toEqual([name]);
    }
  });

  // Its content looked old enough to be trusted, though it had been put there a moment ago.
  it('createParsedFiles sees two edits within one tick whose times were set back', () => {
    const then = Date.now() / 1000 - 3_600;
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) {
      write(`[profile ${name}]\n`);
      utimesSync(pair.configPath, then, then);
      expect(names(read())).toEqual([name]);
    }
  });

  it('createParsedFiles sees a file that took the place of another, with the same size and time', () => {
    write('[profile a]\n');
    const { mtimeMs } = statSync(pair.configPath);
    const other = join(directory, 'other');
    writeFileSync(other, '[profile b]\n');
    for (const path of [other, pair.configPath]) utimesSync(path, mtimeMs / 1000, mtimeMs / 1000);
    later();
    read();
    renameSync(other, pair.configPath);
    expect(names(read())).toEqual(['b']);
  });

  it('createParsedFiles sees through a link what it leads to', () => {
    const target = join(directory, 'target');
    writeFileSync(target, '[profile a]\n');
    symlinkSync(target, pair.configPath);
    later();
    expect(names(read())).toEqual(['a']);
    writeFileSync(target, '[profile longer]\n');
    expect(names(read())).toEqual(['longer']);
  });

  it('createParsedFiles takes what is not there as empty, and sees it come and go', () => {
    later();
    const empty = read();
    expect(names(empty)).toEqual([]);
    expect(read()).toBe(empty);
    write('[profile a]\n');
    expect(names(read())).toEqual(['a']);
    unlinkSync(pair.configPath);
    expect(names(read())).toEqual([]);
  });

  it('createParsedFiles sees an edit of the credentials file too', () => {
    later();
    const before = read();
    writeFileSync(pair.credentialsPath, '[a]\naws_access_key_id = AKIA\n');
    expect(read()).not.toBe(before);
    expect(sectionNames(read().credentials, 'profile')).toEqual(['a']);
  });

  it('createParsedFiles says each time what is wrong with a malformed file, and keeps nothing of it', () => {
    write('[profile a]\n');
    later();
    read();
    write('[profile a\n');
    for (let calls = 0; calls < 2; calls++) {
      expect(() => read()).toThrow(expect.objectContaining({ code: 'config-malformed' }));
    }
    write('[profile b]\n');
    expect(names(read())).toEqual(['b']);
  });

  it('createParsedFiles says each time that a file cannot be read', () => {
    mkdirSync(pair.configPath);
    later();
    for (let calls = 0; calls < 2; calls++) {
      expect(() => read()).toThrow(expect.objectContaining({ code: 'config-unreadable' }));
    }
  });

  it('createParsedFiles keeps several pairs apart, up to a bound', () => {
    const pairs = Array.from({ length: 17 }, (_, n) => ({ ...pair, configPath: join(directory, `config-${n}`) }));
    for (const [n, { configPath }] of pairs.entries()) writeFileSync(configPath, `[profile p${n}]\n`);
    later();
    const all = pairs.slice(0, 16).map((each) => read(each));
    expect(all.map(names)).toEqual(pairs.slice(0, 16).map((_pair, n) => [`p${n}`]));
    expect(pairs.slice(0, 16).map((each, n) => read(each) === all[n])).toEqual(Array(16).fill(true));
    const [last = pair, first = pair] = [pairs[16], pairs[0]];
    read(last);
    expect(read(first)).not.toBe(all[0]);
    expect(names(read(first))).toEqual(['p0']);
  });
});
