// Takes the code out of whatever a program prints; the lines are those of the tools that rolekeeper-config(5) names.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProgramRun } from '../../src/ports/programs.ts';
import { runMfaProcess } from '../../src/system/mfa-process.ts';

function printing(output: string): Promise<string> {
  return runMfaProcess({ command: 'command', profile: 'corp', showsStderr: true }, { output: async () => output });
}

describe('runMfaProcess', () => {
  it('runMfaProcess gives a person time to touch the key, and shows what the program says', async () => {
    const runs: ProgramRun[] = [];
    const programs = {
      output: async (run: ProgramRun) => {
        runs.push(run);
        return '123456\n';
      },
    };
    const command = 'ykman oath accounts code --single AWS:alice';
    await runMfaProcess({ command, profile: 'corp', showsStderr: true }, programs);
    expect(runs).toEqual([
      {
        ...{ command, setting: 'mfa_process', wanted: 'code', profile: 'corp' },
        ...{ waitMs: 60_000, longestOutput: 4_096, showsStderr: true },
      },
    ]);
  });

  it.each([
    ['123456', '123456'],
    ['123456\r\n', '123456'],
    ['\u001b[32m 012345\u001b[0m\n', '012345'],
    ['AWS:alice  987654\n', '987654'],
    ['{"totp":"000000"}', '000000'],
    ['code=123456; valid for 27 s', '123456'],
  ])('runMfaProcess finds the code in %j', async (output, code) => {
    expect(await printing(output)).toBe(code);
  });

  it.each([
    ['', 0],
    ['\n\n', 0],
    ['12345', 0],
    ['1234567', 0],
    ['12345678', 0],
    ['123 456', 0],
    ['123-456', 0],
    ['12345a', 0],
    ['１２３４５６', 0],
    ['٠١٢٣٤٥', 0],
    ['0x123456789', 0],
    ['123456 654321', 2],
    ['123456\n123456', 2],
    ['123456,234567,345678', 3],
  ])('runMfaProcess refuses %j', async (output, count) => {
    await expect(printing(output)).rejects.toMatchObject({
      code: 'program-failed',
      details: { problem: `its output holds ${count} six-digit codes, not one` },
    });
  });

  it('runMfaProcess gives six digits that stood alone, or refuses without repeating the output', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: fc.constantFrom('1', '2', ' ', 'a', '\n') }), async (output) => {
        const given = await printing(output).catch((error: unknown) => error);
        if (typeof given === 'string') expect(output.split(/[^0-9]+/).filter(({ length }) => length === 6)).toEqual([given]);
        else
          expect(given).toMatchObject({
            message: expect.stringMatching(/^mfa_process of "corp" gave no code: its output holds \d+/),
          });
      }),
    );
  });
});
