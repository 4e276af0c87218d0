// The property lists, by Python's parser for them: plutil and plistutil end with status 0 on broken files.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planLaunchd } from '../../src/service/launchd.ts';
import type { ServiceMode } from '../../src/service/service-plan.ts';
import { runProgram } from '../harness/run-program.ts';
import { macPlace } from './service-places.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'rk-plist-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function parsed(text: string): Promise<unknown> {
  const path = join(directory, 'job.plist');
  writeFileSync(path, text);
  const program = 'import json,plistlib,sys; print(json.dumps(plistlib.load(open(sys.argv[1],"rb"), fmt=plistlib.FMT_XML)))';
  const { status, stdout, stderr } = await runProgram('python3', ['-c', program, path], { install: 'python3' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

function textOf(mode: ServiceMode, changes: Parameters<typeof macPlace>[0] = {}): string {
  return planLaunchd(mode, macPlace(changes)).files[0]?.text ?? '';
}

describe('planLaunchd', () => {
  it('planLaunchd starts the agent with the session and again when it fails, without a core', async () => {
    expect(await parsed(textOf('agent'))).toEqual({
      Label: 'rolekeeper.agent',
      ProgramArguments: ['/opt/homebrew/bin/node', '/Users/alice/.local/bin/rolekeeper', 'agent', 'run'],
      EnvironmentVariables: {},
      LimitLoadToSessionType: 'Aqua',
      RunAtLoad: true,
      KeepAlive: { SuccessfulExit: false },
      ProcessType: 'Interactive',
      ExitTimeOut: 10,
      Umask: 0o077,
      SoftResourceLimits: { Core: 0 },
      HardResourceLimits: { Core: 0 },
    });
  });

  it('planLaunchd runs what is due every five minutes, and makes up for what sleep missed', async () => {
    const minutes = Array.from({ length: 12 }, (_, index) => ({ Minute: index * 5 }));
    expect(await parsed(textOf('timer'))).toMatchObject({
      Label: 'rolekeeper.refresh',
      ProgramArguments: ['/opt/homebrew/bin/node', '/Users/alice/.local/bin/rolekeeper', 'refresh', '--due', '--quiet'],
      StartCalendarInterval: minutes,
      RunAtLoad: true,
    });
  });

  it('planLaunchd keeps paths and variables that XML reads in its own way', async () => {
    const odd = '/Users/a&b/<c> "d" {{arguments}} ]]>';
    const text = textOf('agent', { program: ['/n', odd], env: { ROLEKEEPER_STATE_DIR: odd, ROLEKEEPER_STORE: 'age' } });
    expect(await parsed(text)).toMatchObject({
      ProgramArguments: ['/n', odd, 'agent', 'run'],
      EnvironmentVariables: { ROLEKEEPER_STATE_DIR: odd, ROLEKEEPER_STORE: 'age' },
    });
    expect(() => textOf('agent', { program: ['/n', '/a\u0007'] })).toThrow('control characters');
  });

  it('planLaunchd loads the file that it writes, in the domain of the user', () => {
    const { files, start, stop } = planLaunchd('agent', macPlace());
    expect(files[0]?.path).toBe('/Users/alice/Library/LaunchAgents/rolekeeper.agent.plist');
    expect(start.map(({ words }) => words.join(' '))).toContain(`launchctl bootstrap gui/501 ${files[0]?.path}`);
    expect(stop).toEqual([{ words: ['launchctl', 'bootout', 'gui/501/rolekeeper.agent'], mayFail: true }]);
  });
});
