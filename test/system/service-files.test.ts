import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createServiceFiles } from '../../src/system/service-files.ts';

let home: string;
const files = createServiceFiles();
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'rk-files-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('service files', () => {
  it('write and remove refuse a file that changed meanwhile', () => {
    const path = join(home, 'a/b/unit');
    files.write({ path, text: 'one', encoding: 'utf-8' }, undefined);
    expect(() => files.write({ path, text: 'two', encoding: 'utf-8' }, undefined)).toThrow('changed');
    expect(() => files.remove(path, 'two')).toThrow('changed');
    expect(files.read(path)).toBe('one');
    files.remove(path, 'one');
    expect(files.read(path)).toBeUndefined();
  });

  it('missingDirectories names what a write makes, outer ones first, and removeEmptyDirectories takes it back', () => {
    mkdirSync(join(home, 'a'));
    const missing = files.missingDirectories([join(home, 'a/b/c/x'), join(home, 'a/b/y')]);
    expect(missing).toEqual([join(home, 'a/b'), join(home, 'a/b/c')]);
    files.write({ path: join(home, 'a/b/c/x'), text: '', encoding: 'utf-8' }, undefined);
    files.removeEmptyDirectories(missing);
    expect(existsSync(join(home, 'a/b/c/x'))).toBe(true);
    files.remove(join(home, 'a/b/c/x'), '');
    files.removeEmptyDirectories(missing);
    expect(existsSync(join(home, 'a/b'))).toBe(false);
    expect(existsSync(join(home, 'a'))).toBe(true);
  });

  it('removeTrace takes links, empty files and sockets, and nothing that holds something', async () => {
    const [link, empty, full, socket] = ['link', 'empty', 'full', 'socket'].map((name) => join(home, name));
    if (link === undefined || empty === undefined || full === undefined || socket === undefined) throw new Error('four names');
    writeFileSync(full, 'x');
    writeFileSync(empty, '');
    symlinkSync(full, link);
    const server = createServer().listen(socket);
    await new Promise((done) => server.once('listening', done));
    for (const path of [link, empty, full, socket, home, join(home, 'none')]) files.removeTrace(path);
    expect([link, empty, socket].map((path) => existsSync(path))).toEqual([false, false, false]);
    expect(readFileSync(full, 'utf8')).toBe('x');
    await new Promise((done) => server.close(done));
  });
});
