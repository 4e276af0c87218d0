import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseProfileName } from '../../src/config/names.ts';
import { createRotationRecords } from '../../src/system/rotation-file.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'rk-rotation-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const directory = () => join(home, 'state', 'here');
const path = () => join(directory(), readdirSync(directory())[0] ?? 'none');
const records = () =>
  createRotationRecords({ base: join(home, 'state'), machine: 'here', owner: { uid: process.getuid?.(), home } });
const corp = parseProfileName('corp/../x');

describe('rotation records', () => {
  it('a record is kept for the user alone, by the name of the keys, and is forgotten', () => {
    expect(records().read(corp)).toBeUndefined();
    records().keep(corp, { oldAccessKeyId: 'AKIA1', startedAt: 1 });
    records().keep(corp, { oldAccessKeyId: 'AKIA1', startedAt: 1, deleteAt: 2 });
    expect(records().read(corp)).toEqual({ oldAccessKeyId: 'AKIA1', startedAt: 1, deleteAt: 2 });
    expect(records().read(parseProfileName('other'))).toBeUndefined();
    expect(path()).toMatch(/rotation-[0-9a-f]{16}\.json$/);
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    records().forget(corp);
    records().forget(corp);
    expect(records().read(corp)).toBeUndefined();
  });

  it('a damaged record is as good as none, and can be written anew', () => {
    records().keep(corp, { oldAccessKeyId: 'AKIA1', startedAt: 1 });
    writeFileSync(path(), '{"v":1,"old');
    expect(records().read(corp)).toBeUndefined();
    records().keep(corp, { oldAccessKeyId: 'AKIA2', startedAt: 2 });
    expect(records().read(corp)?.oldAccessKeyId).toBe('AKIA2');
  });
});
