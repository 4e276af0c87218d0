// Entry of the Node program: `get` goes straight to its command, `__profiles` (for shells that complete a line)
// to its own, everything else through the command line of cli.ts.

import process from 'node:process';
import { get, noteRefusal } from './commands/get.ts';
import { reportLines, writeStderr } from './commands/report.ts';
import { isAppError, toAppError } from './errors.ts';
import { openWiring } from './wiring.ts';

async function main(argv: readonly string[]): Promise<number> {
  const [verb, profile, ...rest] = argv;
  const isPlainGet = verb === 'get' && profile !== undefined && !profile.startsWith('-') && rest.length === 0;
  if (isPlainGet) {
    const look = () => get(profile, openWiring(process.env));
    await look()
      .catch(async (error) => (await import('./commands/second-look.ts')).secondLook(error, look))
      .catch((error) => noteRefusal(profile, error, openWiring(process.env)));
    return 0;
  }
  if (verb === '__profiles') {
    (await import('./commands/completion.ts')).printProfiles(openWiring(process.env));
    return 0;
  }
  const { runCli } = await import('./cli.ts');
  return runCli(argv, process.env);
}

async function explained(error: unknown): Promise<never> {
  if (!isAppError(error, 'profile-unknown')) throw error;
  const { withNearest } = await import('./commands/with-nearest.ts');
  throw await withNearest(error, openWiring(process.env));
}

// A time-out leaves work behind that nobody waits for any more, hence the exit instead of an empty event loop.
main(process.argv.slice(2))
  .catch(explained)
  .then(
    (status) => process.exit(status),
    (error: unknown) => {
      const failure = toAppError(error);
      writeStderr(reportLines(failure));
      process.exit(failure.exitStatus);
    },
  );
