import { describe, expect, it } from 'vitest';
import { planService, possiblePlans, recordedRemoval } from '../../src/service/choose-service.ts';
import { linuxPlace, macPlace, windowsPlace } from './service-places.ts';

describe('planService', () => {
  it.each([
    ['systemd', linuxPlace()],
    ['xdg-autostart', linuxPlace({ surroundings: {} })],
    ['launchd', macPlace()],
    ['task-scheduler', windowsPlace()],
  ])('planService chooses %s', (kind, place) => {
    expect(planService('agent', place)).toMatchObject({ kind, mode: 'agent' });
  });
});

describe('possiblePlans', () => {
  it('possiblePlans has the units even while no manager answers, and the desktop entry while one does', () => {
    const kinds = (plans: ReturnType<typeof possiblePlans>) => plans.map(({ kind, mode }) => `${kind} ${mode}`);
    const all = ['systemd agent', 'systemd timer', 'xdg-autostart agent'];
    expect(kinds(possiblePlans(linuxPlace()))).toEqual(all);
    expect(kinds(possiblePlans(linuxPlace({ surroundings: {} })))).toEqual(all);
    expect(kinds(possiblePlans(macPlace()))).toEqual(['launchd agent', 'launchd timer']);
  });
});

describe('recordedRemoval', () => {
  const record = (kind: string, mode: string, path: string) => ({ kind, mode, files: [{ path, texts: [] }], directories: [] });

  it.each([
    ['agent', linuxPlace()],
    ['timer', linuxPlace()],
    ['agent', macPlace()],
    ['timer', macPlace()],
    ['agent', windowsPlace()],
    ['agent', linuxPlace({ surroundings: {} })],
  ] as const)('recordedRemoval is what the plan of the %s itself has (%#)', (mode, place) => {
    const { kind, files, stop, traces, settle } = planService(mode, place);
    expect(recordedRemoval(record(kind, mode, files[0]?.path ?? ''), place)).toEqual({ stop, traces, settle });
  });

  it('recordedRemoval does nothing for a kind of service that a later version made', () => {
    expect(recordedRemoval(record('s6', 'agent', '/x'), linuxPlace())).toEqual({ stop: [], traces: [], settle: [] });
  });
});
