import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agent } from '../../src/commands/agent.ts';
import type { AgentAction } from '../../src/commands/agent-actions.ts';
import { openWiring } from '../../src/wiring.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'rk-agent-command-'));
  mkdirSync(join(home, '.aws'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function run(action: AgentAction, env: Readonly<Record<string, string>> = {}): Promise<number> {
  const options = { action, isJson: false, leavesWhenIdle: true, version: '1.2.3' };
  const own = { HOME: home, ROLEKEEPER_RUNTIME_DIR: join(home, 'run'), ROLEKEEPER_STATE_DIR: join(home, 'state') };
  return agent(options, openWiring({ ...own, ...env }));
}

describe('the command agent', () => {
  it.each([
    ['ROLEKEEPER_IDLE_MINUTES', 'soon', 'idle_minutes says "soon", which is no positive number'],
    ['ROLEKEEPER_IDLE_MINUTES', '0', 'idle_minutes says "0", which is no positive number'],
    ['ROLEKEEPER_IDLE_MINUTES', '-5', 'idle_minutes says "-5", which is no positive number'],
    ['ROLEKEEPER_IDLE_MINUTES', 'Infinity', 'idle_minutes says "Infinity", which is no positive number'],
    ['ROLEKEEPER_UNUSED_DAYS', 'three', 'unused_days says "three", which is no positive number'],
  ])('refuses %s=%s, whether it is to run or to start', async (name, value, problem) => {
    for (const action of ['run', 'start'] as const) {
      await expect(run(action, { [name]: value })).rejects.toMatchObject({ code: 'usage', exitStatus: 2, message: problem });
    }
    expect(existsSync(join(home, 'run', 'agent.sock'))).toBe(false);
  });

  it('refuses such a setting of the config as well', async () => {
    writeFileSync(join(home, '.aws', 'config'), '[rolekeeper]\nidle_minutes = half an hour\n');
    await expect(run('run')).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('"half an hour"') });
  });

  it('shows no status where no agent answers, and says how to start one', async () => {
    await expect(run('status')).rejects.toMatchObject({
      code: 'agent-absent',
      exitStatus: 1,
      hint: 'run `rolekeeper agent start`',
    });
    expect(existsSync(join(home, 'run'))).toBe(false);
  });
});
