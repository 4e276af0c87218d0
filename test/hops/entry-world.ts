// What the ways in are given in their tests: a clock, an STS, files, a link and programs, all made up.

import { parseProfileName } from '../../src/config/names.ts';
import { AppError } from '../../src/errors.ts';
import type { EntryCall, EntryPorts } from '../../src/hops/entry.ts';
import type { LinkReply, LinkRequest } from '../../src/ports/link.ts';
import type { ProgramRun } from '../../src/ports/programs.ts';
import { openMemoryStore } from '../../src/stores/memory.ts';
import { noEntryPorts } from '../fakes/entry-ports.ts';
import { type FakeClock, fakeClock } from '../fakes/fake-clock.ts';
import { fakeState } from '../fakes/fake-state.ts';
import { type FakeSts, fakeSts } from '../fakes/fake-sts.ts';

export const endpoint = { region: 'eu-west-1', useFips: false, useDualstack: false, useGlobal: false };
export const call: EntryCall = { profile: parseProfileName('dev'), network: {} };

export interface EntryWorld {
  readonly clock: FakeClock;
  readonly sts: FakeSts;
  readonly ports: Required<EntryPorts>;
  /** Paths and their texts; what is not there is absent. */
  readonly files: Map<string, string>;
  /** By method and URL. */
  readonly link: Map<string, LinkReply>;
  readonly asked: LinkRequest[];
  /** What the programs print, by command. */
  readonly outputs: Map<string, string>;
  readonly runs: ProgramRun[];
}

export function entryWorld(): EntryWorld {
  const clock = fakeClock();
  const sts = fakeSts(clock);
  const files = new Map<string, string>();
  const link = new Map<string, LinkReply>();
  const asked: LinkRequest[] = [];
  const outputs = new Map<string, string>();
  const runs: ProgramRun[] = [];
  const ports = {
    clock,
    sts,
    store: openMemoryStore(),
    state: fakeState(),
    certificates: noEntryPorts.certificates,
    rolesAnywhere: noEntryPorts.rolesAnywhere,
    readSmallFile: async (path: string) => {
      const text = files.get(path);
      return text === undefined
        ? ({ kind: 'problem', problem: 'there is no such file' } as const)
        : ({ kind: 'ok', text } as const);
    },
    askLink: async (request: LinkRequest) => {
      asked.push(request);
      const reply = link.get(`${request.method} ${request.url}`);
      if (reply === undefined) throw new Error(`nobody is at ${request.method} ${request.url}`);
      return reply;
    },
    readLoginCache: () => undefined,
    openIdentityCenter: noEntryPorts.openIdentityCenter,
    programs: {
      output: async (run: ProgramRun) => {
        runs.push(run);
        const output = outputs.get(run.command);
        const { setting, wanted, profile } = run;
        if (output === undefined) throw new AppError('program-failed', { setting, wanted, profile, problem: 'it failed' });
        return output;
      },
    },
  };
  return { clock, sts, ports, files, link, asked, outputs, runs };
}
