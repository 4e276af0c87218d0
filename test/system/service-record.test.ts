import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createServiceRecords } from '../../src/system/service-record.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'rk-record-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const records = () => createServiceRecords({ base: join(home, 'state'), owner: { uid: process.getuid?.(), home } });
const record = { kind: 'systemd', mode: 'agent', files: [{ path: '/a', texts: ['x', 'y'] }], directories: ['/b'] };

describe('service records', () => {
  it('a record is kept for the user alone, comes back, and is forgotten', () => {
    expect(records().read()).toBeUndefined();
    records().keep(record);
    expect(records().read()).toEqual(record);
    records().keep({ ...record, program: ['/node', '/main.js'] });
    expect(records().read()).toEqual({ ...record, program: ['/node', '/main.js'] });
    expect(statSync(records().path).mode & 0o777).toBe(0o600);
    records().forget();
    records().forget();
    expect(records().read()).toBeUndefined();
  });

  it.each(['', '{', 'null', '{"v":1}', '{"v":1,"kind":"systemd","mode":"agent","files":[{"path":1}],"directories":[]}'])(
    'a record that says %j is as good as none',
    (text) => {
      records().keep(record);
      writeFileSync(records().path, text);
      expect(records().read()).toBeUndefined();
    },
  );

  it('a record of a later version is left alone', () => {
    records().keep(record);
    writeFileSync(records().path, '{"v":2}');
    expect(() => records().read()).toThrow(expect.objectContaining({ code: 'format-newer' }));
  });
});
