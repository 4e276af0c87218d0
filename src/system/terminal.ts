// The person at the keyboard. Questions go to stderr: stdout belongs to callers. Asks only where stdin and stderr are a terminal.

import process from 'node:process';
import confirm from '@inquirer/confirm';
import input from '@inquirer/input';
import password from '@inquirer/password';
import select from '@inquirer/select';
import { Secret } from '../credentials/secret.ts';
import { AppError } from '../errors.ts';
import type { Terminal } from '../ports/person.ts';

export interface Streams {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  /** Ends a question like Ctrl-C. */
  readonly signal?: AbortSignal;
}

export interface TerminalOptions {
  /** For the error where there is no terminal: what needs to ask, and what to type instead. */
  readonly command: string;
  readonly instead: string;
  /** Ends a question like Ctrl-C. */
  readonly signal?: AbortSignal;
}

export function openTerminal({ command, instead, signal }: TerminalOptions): Terminal {
  const streams = { input: process.stdin, output: process.stderr, ...(signal === undefined ? {} : { signal }) };
  const isInteractive = process.stdin.isTTY === true && process.stderr.isTTY === true;
  const asking = async <T>(question: () => Promise<T>): Promise<T> => {
    if (!isInteractive) throw new AppError('no-terminal', { command, instead });
    try {
      return await question();
    } catch (error) {
      if (error instanceof Error && ['ExitPromptError', 'AbortPromptError'].includes(error.name)) {
        throw new AppError('interrupted', {}, error);
      }
      throw error;
    }
  };
  return {
    isInteractive,
    say: (line) => void process.stderr.write(`${line}\n`),
    askHidden: (message) => asking(() => askHiddenOn(streams, message)),
    ask: (message) => asking(() => input({ message }, streams)),
    confirm: (message) => asking(() => confirm({ message, default: false }, streams)),
    choose: (message, choices) => asking(() => select({ message, choices: [...choices] }, streams)),
  };
}

/** A question on any terminal. Rejects as inquirer does: `ExitPromptError` on Ctrl-C, `AbortPromptError` for the signal. */
export async function askHiddenOn(streams: Streams, message: string): Promise<Secret> {
  return new Secret(await password({ message, mask: false }, streams));
}
