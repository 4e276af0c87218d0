// What an `mfa_process` prints, and how it ends. The first byte of an input is its exit status, or `k` for one that kills itself.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAppError } from '../../../src/errors.ts';
import { runMfaProcess } from '../../../src/system/mfa-process.ts';
import { createPrograms } from '../../../src/system/user-program.ts';
import { must, type OpenTarget, type Target } from '../target.ts';

export const mfaProcessTarget: Target = {
  name: 'mfa-process',
  tokens: ['123456', '000000', '12345', '1234567', '٣٣٣٣٣٣', '123 456', '\n', '\r\n', '\0', 'code: ', '0', '1', 'k', '\u001b[0m'],
  endings: ['code', 'none', 'too much', 'failed'],
  open: openDirectory,
};

const programs = createPrograms({ PATH: process.env['PATH'] });

/** As the manual has it. */
const longestOutput = 4_096;

function openDirectory(): OpenTarget {
  const directory = mkdtempSync(join(tmpdir(), 'rk-fuzz-'));
  const path = join(directory, 'printed');
  return {
    check: async (input) => {
      writeFileSync(path, input.subarray(1));
      const first = input.toString('latin1', 0, 1);
      const status = first === '1' ? 1 : 0;
      const end = first === 'k' ? 'kill -9 $$' : `exit ${status}`;
      return await judge(`cat ${path}; ${end}`, {
        text: input.subarray(1).toString('utf8'),
        isWell: first !== 'k' && status === 0,
      });
    },
    close: () => rmSync(directory, { recursive: true }),
  };
}

interface Printed {
  readonly text: string;
  readonly isWell: boolean;
}

async function judge(command: string, { text, isWell }: Printed): Promise<string> {
  const codes = text.split(/[^0-9]+/).filter((digits) => digits.length === 6);
  try {
    const code = await runMfaProcess({ command, profile: 'dev', showsStderr: true }, programs);
    must(isWell && codes.length === 1 && code === codes[0], 'the one code is taken');
    return 'code';
  } catch (error) {
    if (!isAppError(error, 'program-failed')) throw error;
    if (/too much/.test(error.message)) {
      must(text.length > longestOutput, 'short output is read');
      return 'too much';
    }
    must(!isWell || codes.length !== 1, 'the one code is not refused');
    must(!codes.some((one) => error.message.includes(one)), 'no failure shows a code');
    return isWell ? 'none' : 'failed';
  }
}
