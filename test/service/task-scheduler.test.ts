// The tasks, by an XML parser and the schema's rules (task-rules.py), in the bytes that would be written.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServiceMode } from '../../src/service/service-plan.ts';
import { argument, planTask } from '../../src/service/task-scheduler.ts';
import { createServiceFiles } from '../../src/system/service-files.ts';
import { runProgram } from '../harness/run-program.ts';
import { windowsPlace } from './service-places.ts';

const rules = fileURLToPath(new URL('task-rules.py', import.meta.url));

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'rk-task-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function parsed(text: string): Promise<unknown> {
  const path = join(directory, `task-${Math.random()}.xml`);
  createServiceFiles().write({ path, text, encoding: 'utf-16' }, undefined);
  const { status, stdout, stderr } = await runProgram('python3', [rules, path], { install: 'python3' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

function textOf(mode: ServiceMode, changes: Parameters<typeof windowsPlace>[0] = {}): string {
  return planTask(mode, windowsPlace(changes)).files[0]?.text ?? '';
}

describe('planTask', () => {
  it('planTask starts the agent at logon and unlock, as the user, without a window', async () => {
    expect(await parsed(textOf('agent'))).toMatchObject({
      Triggers: {
        LogonTrigger: { Enabled: 'true', UserId: 'CORP\\alice' },
        SessionStateChangeTrigger: { UserId: 'CORP\\alice', StateChange: 'SessionUnlock' },
      },
      Principals: { Principal: { UserId: 'CORP\\alice', LogonType: 'InteractiveToken', RunLevel: 'LeastPrivilege' } },
      Settings: { StartWhenAvailable: 'true', ExecutionTimeLimit: 'PT0S', MultipleInstancesPolicy: 'IgnoreNew' },
      Actions: {
        Exec: {
          Command: 'C:\\Windows\\System32\\conhost.exe',
          Arguments:
            '--headless "C:\\Program Files\\nodejs\\node.exe" C:\\Users\\alice\\AppData\\Local\\rolekeeper\\dist\\rolekeeper agent run',
        },
      },
    });
  });

  it('planTask runs what is due every five minutes and at logon and unlock', async () => {
    const task = await parsed(textOf('timer'));
    expect(task).toMatchObject({
      Triggers: { TimeTrigger: { Repetition: { Interval: 'PT5M' } }, LogonTrigger: {}, SessionStateChangeTrigger: {} },
      Settings: { StartWhenAvailable: 'true', ExecutionTimeLimit: 'PT2M' },
    });
    expect(JSON.stringify(task)).toContain('refresh --due --quiet');
  });

  it('planTask keeps names that XML reads in its own way', async () => {
    const odd = 'C:\\Users\\R&D <x>\\rolekeeper';
    const text = textOf('agent', { program: ['C:\\n.exe', odd], env: { USERNAME: 'Zoë & Co', USERDOMAIN: 'C' } });
    const task = await parsed(text);
    expect(JSON.stringify(task)).toContain(JSON.stringify(`--headless C:\\n.exe "${odd}" agent run`).slice(1, -1));
    expect(task).toMatchObject({ RegistrationInfo: { Author: 'C\\Zoë & Co' } });
    expect(() => textOf('agent', { program: ['C:\\%USERNAME%\\node.exe'] })).toThrow('%');
    expect(() => textOf('agent', { env: {} })).toThrow('USERNAME is not set');
  });

  it('the rules find an element in the wrong place, a value out of range, and one that is missing', async () => {
    const text = textOf('agent');
    const broken = [
      text.replace(/( *<Enabled>true<\/Enabled>\n)( *<UserId>.*\n)/, '$2$1'),
      text.replace('<Count>10<', '<Count>0<'),
      text.replace(/ *<StateChange>.*\n/, ''),
      text.replace('Context="Author"', 'Context="Somebody"'),
    ];
    for (const one of broken) {
      expect(one).not.toBe(text);
      await expect(parsed(one)).rejects.toThrow('AssertionError');
    }
  });

  it('planTask creates the task from the file that it writes', () => {
    const { files, start } = planTask('agent', windowsPlace());
    expect(start.map(({ words }) => words.join(' '))).toContain(
      `schtasks /Create /TN rolekeeper-agent /XML ${files[0]?.path} /F`,
    );
  });

  it('the file is UTF-16 with a byte order mark, as its first line says', () => {
    const path = join(directory, 'bytes.xml');
    createServiceFiles().write({ path, text: '<a>é</a>', encoding: 'utf-16' }, undefined);
    expect(readFileSync(path)).toEqual(Buffer.from('\ufeff<a>é</a>', 'utf16le'));
    expect(createServiceFiles().read(path)).toBe('<a>é</a>');
    writeFileSync(path, '<a>é</a>');
    expect(createServiceFiles().read(path)).toBe('<a>é</a>');
  });
});

describe('argument', () => {
  it('argument gives what comes apart into the same words, as CommandLineToArgvW does it', () => {
    const word = fc.string({ unit: fc.constantFrom('a', '\\', '"', ' ', 'é', '&'), minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (words) => {
        expect(commandLineToArgv(words.map(argument).join(' '))).toEqual(words);
      }),
    );
  });
});

/** https://learn.microsoft.com/en-us/windows/win32/api/shellapi/nf-shellapi-commandlinetoargvw, for arguments after the program. */
function commandLineToArgv(line: string): readonly string[] {
  const words: string[] = [];
  let [word, isQuoted, isOpen] = ['', false, false];
  for (let at = 0; at < line.length; ) {
    const slashes = /^\\*/.exec(line.slice(at))?.[0].length ?? 0;
    at += slashes;
    const next = line[at];
    if (next === '"') {
      word += '\\'.repeat(Math.floor(slashes / 2));
      if (slashes % 2 === 1) word += '"';
      else isQuoted = !isQuoted;
      isOpen = true;
      at += 1;
      continue;
    }
    word += '\\'.repeat(slashes);
    isOpen ||= slashes > 0;
    if (next === undefined) break;
    if (next === ' ' && !isQuoted) {
      if (isOpen) words.push(word);
      [word, isOpen] = ['', false];
    } else {
      word += next;
      isOpen = true;
    }
    at += 1;
  }
  return isOpen ? [...words, word] : words;
}
