// Credentials for what cannot ask for them itself.

import { shells } from '../commands/shells.ts';
import type { AddCommands } from './add-commands.ts';
import { profileArgument } from './shared-options.ts';

const execDescription = 'run a program with the credentials in its environment';

export const addUseCommands: AddCommands = (yargs, { run }) =>
  yargs
    .command(
      'exec <profile>',
      execDescription,
      (args) =>
        args
          .usage(`rolekeeper exec <profile> -- <program> [arguments..]\n\n${execDescription}`)
          .positional('profile', profileArgument),
      (args) =>
        run(args.debug, async (wiring) =>
          (await import('../commands/exec.ts')).exec(args.profile, wordsAfterDashes(args), wiring),
        ),
    )
    .command(
      'env <profile>',
      'print the credentials as lines for a shell to evaluate',
      (args) =>
        args
          .positional('profile', profileArgument)
          .option('shell', { choices: shells, default: 'sh', describe: 'whose syntax' } as const),
      (args) =>
        run(
          args.debug,
          async (wiring) => void (await (await import('../commands/env.ts')).printEnv(args.profile, args.shell, wiring)),
        ),
    );

function wordsAfterDashes(args: Readonly<Record<string, unknown>>): readonly string[] {
  const words = args['--'];
  return Array.isArray(words) ? words.map(String) : [];
}
