// `rolekeeper completion SHELL`: a script that completes this command line. It holds all but the profiles, so a key press costs nothing;
// for those it runs `rolekeeper __profiles`, which main.ts takes by itself, without yargs.

import { bashScript } from '../completion/bash.ts';
import type { CompletionShell } from '../completion/command-table.ts';
import { fishScript } from '../completion/fish.ts';
import { powershellScript } from '../completion/powershell.ts';
import { zshScript } from '../completion/zsh.ts';
import { knownProfiles } from '../config/profile-settings.ts';
import { isAppError } from '../errors.ts';
import type { Wiring } from '../wiring.ts';
import { writeStdout } from './stdout.ts';

export function printCompletion(shell: CompletionShell): void {
  writeStdout(scriptFor(shell));
}

/** One name a line. A person in the middle of a line is told nothing of files that cannot be read. */
export function printProfiles({ readConfig }: Pick<Wiring, 'readConfig'>): void {
  try {
    writeStdout(
      knownProfiles(readConfig())
        .map((name) => `${name}\n`)
        .join(''),
    );
  } catch (error) {
    if (!isAppError(error)) throw error;
  }
}

function scriptFor(shell: CompletionShell): string {
  switch (shell) {
    case 'bash':
      return bashScript();
    case 'zsh':
      return zshScript();
    case 'fish':
      return fishScript();
    case 'powershell':
      return powershellScript();
    default:
      return shell satisfies never;
  }
}
