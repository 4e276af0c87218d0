// For the person at the prompt.

import { completionShells } from '../completion/command-table.ts';
import type { AddCommands } from './add-commands.ts';

export const addShellCommands: AddCommands = (yargs, { run }) =>
  yargs
    .command(
      'completion <shell>',
      'print a script that completes this command line in your shell',
      (args) => args.positional('shell', { choices: completionShells, demandOption: true, describe: 'whose script' } as const),
      (args) => run(args.debug, async () => void (await import('../commands/completion.ts')).printCompletion(args.shell)),
    )
    .command(
      'demo',
      'show a whole day in half a minute, in a sandbox that touches nothing of yours',
      (args) => args.option('fast', { type: 'boolean', default: false, describe: 'without the pauses for reading' }),
      (args) =>
        run(args.debug, async (wiring) => void (await (await import('../commands/demo.ts')).demo({ isFast: args.fast }, wiring))),
    );
