import { describe, expect, it } from 'vitest';
import type { ServiceRecord } from '../../src/ports/service.ts';
import { installChanges, recordAfter, recordDuring, removalChanges } from '../../src/service/file-changes.ts';
import { planSystemd } from '../../src/service/systemd.ts';
import { linuxPlace } from './service-places.ts';

const surroundings = { unitPath: ['/home/alice/.config/systemd/user'], canPrivateUsers: true, lingers: true };
const plan = planSystemd('agent', linuxPlace(), surroundings);
const [socket, service] = plan.files;
if (socket === undefined || service === undefined) throw new Error('the plan has two files');

function recordOf(texts: Readonly<Record<string, readonly string[]>>): ServiceRecord {
  const files = Object.entries(texts).map(([path, all]) => ({ path, texts: all }));
  return { kind: 'systemd', mode: 'agent', files, directories: ['/a'] };
}

function kinds(there: Readonly<Record<string, string>>, record?: ServiceRecord): readonly string[] {
  return installChanges(plan, record, (path) => there[path]).map(({ kind }) => kind);
}

describe('installChanges', () => {
  it('installChanges creates what is missing and keeps what is right, with or without a record', () => {
    expect(kinds({})).toEqual(['create', 'create']);
    expect(kinds({ [socket.path]: socket.text, [service.path]: service.text })).toEqual(['keep', 'keep']);
  });

  it('installChanges updates what an earlier install made, and asks about what somebody else wrote', () => {
    const record = recordOf({ [socket.path]: ['old'], [service.path]: ['old', 'newer'] });
    expect(kinds({ [socket.path]: 'old', [service.path]: 'newer' }, record)).toEqual(['update', 'update']);
    expect(kinds({ [socket.path]: 'old, changed', [service.path]: 'old' }, record)).toEqual(['overwrite', 'update']);
    expect(kinds({ [socket.path]: 'a unit of the user' })).toEqual(['overwrite', 'create']);
  });

  it('installChanges removes what an earlier install made and this one does not need', () => {
    const record = recordOf({ '/timer': ['ours'], '/changed': ['ours'], '/gone': ['ours'] });
    expect(kinds({ '/timer': 'ours', '/changed': 'theirs' }, record)).toEqual(['create', 'create', 'remove', 'remove-changed']);
  });
});

describe('the record', () => {
  it('recordDuring has the old texts and the new, so that a crash leaves nothing that looks like somebody else’s', () => {
    const during = recordDuring(plan, recordOf({ [socket.path]: ['old'], '/timer': ['ours'] }), ['/b']);
    for (const there of ['old', socket.text]) {
      const again = installChanges(plan, during, (path) => (path === socket.path ? there : undefined));
      expect(again.map(({ kind }) => kind)).not.toContain('overwrite');
    }
    expect(during.files.map(({ path }) => path)).toEqual(['/timer', socket.path, service.path]);
    expect(during.directories).toEqual(['/a', '/b']);
  });

  it('recordAfter claims nothing that a person wanted to keep', () => {
    const before = recordOf({ [socket.path]: ['old'] });
    const left = installChanges(plan, before, () => 'theirs');
    expect(left.map(({ kind }) => kind)).toEqual(['overwrite', 'overwrite']);
    expect(recordAfter(plan, { before, directories: [], left }).files).toEqual([{ path: socket.path, texts: ['old'] }]);
    expect(recordAfter(plan, { before, directories: [], left: [] }).files).toEqual([
      { path: socket.path, texts: [socket.text] },
      { path: service.path, texts: [service.text] },
    ]);
  });

  it('removalChanges passes over what is gone and asks about what was changed', () => {
    const files = [
      { path: '/ours', texts: ['old', 'new'] },
      { path: '/theirs', texts: ['ours'] },
      { path: '/gone', texts: ['ours'] },
    ];
    const there: Readonly<Record<string, string>> = { '/ours': 'old', '/theirs': 'changed' };
    expect(removalChanges(files, (path) => there[path])).toEqual([
      { kind: 'remove', path: '/ours', current: 'old' },
      { kind: 'remove-changed', path: '/theirs', current: 'changed', ours: 'ours' },
    ]);
  });
});
