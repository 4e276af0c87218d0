import { describe, expect, it } from 'vitest';
import { parseProfileName } from '../../src/config/names.ts';
import { isAppError } from '../../src/errors.ts';
import { requestProcess } from '../../src/hops/process.ts';
import type { ProgramRun } from '../../src/ports/programs.ts';
import { fakeClock } from '../fakes/fake-clock.ts';
import { fakeSts } from '../fakes/fake-sts.ts';

const hop = { kind: 'process', command: '/usr/bin/other --as alice', namedIn: 'config' } as const;
const call = { profile: parseProfileName('tool'), network: {} };
const hour = 60 * 60_000;

function world(document: Readonly<Record<string, unknown>>) {
  const clock = fakeClock();
  const runs: ProgramRun[] = [];
  const programs = {
    output: async (run: ProgramRun) => {
      runs.push(run);
      return JSON.stringify({ Version: 1, AccessKeyId: 'AKIA1', SecretAccessKey: 'secret', ...document });
    },
  };
  return { clock, runs, ports: { clock, sts: fakeSts(clock), readLoginCache: () => undefined, programs } };
}

describe('requestProcess', () => {
  it('requestProcess runs the command as it stands, bounded in time and size, for the profile whose it is', async () => {
    const { ports, runs } = world({});
    await requestProcess(hop, call, ports);
    expect(runs).toEqual([
      {
        ...{ command: hop.command, setting: 'credential_process', wanted: 'credentials', profile: 'tool' },
        ...{ waitMs: 60_000, longestOutput: 64_000, showsStderr: false },
      },
    ]);
  });

  it('requestProcess obeys the end that the program states', async () => {
    const { ports, clock } = world({ SessionToken: 't', Expiration: '2099-01-01T00:00:00Z' });
    const { issuedAt, expiresAt, sessionToken } = await requestProcess(hop, call, ports);
    expect([issuedAt, expiresAt, sessionToken?.reveal()]).toEqual([clock.now(), Date.UTC(2099, 0, 1), 't']);
  });

  it('requestProcess takes what states no end for an hour', async () => {
    const { ports, clock } = world({});
    const { expiresAt, sessionToken } = await requestProcess(hop, call, ports);
    expect([expiresAt - clock.now(), sessionToken]).toEqual([hour, undefined]);
  });

  it.each([
    ['what has ended', { Expiration: '2001-01-01T00:00:00Z' }, /has ended already/],
    ['what ends at the beginning of time', { Expiration: '1970-01-01T00:00:00Z' }, /has ended already/],
    ['what is no document', { Version: 2 }, /"Version"/],
  ])('requestProcess refuses %s', async (_what, document, words) => {
    const refused = await requestProcess(hop, call, world(document).ports).catch((error: unknown) => error);
    if (!isAppError(refused, 'program-failed')) throw refused;
    expect(refused.message).toMatch(words);
    expect(refused.message).toContain('credential_process of "tool"');
  });

  it('requestProcess runs nothing in the agent', async () => {
    const { ports, runs } = world({});
    const { programs: _none, ...agentPorts } = ports;
    await expect(requestProcess(hop, call, agentPorts)).rejects.toMatchObject({ code: 'program-needed' });
    expect(runs).toEqual([]);
  });
});
