// The command line: how it is read, and what is said of it when it makes no sense. The commands themselves are in cli/.

import process from 'node:process';
import type { AddCommands, RunCommand, Ways } from './cli/add-commands.ts';
import { addCredentialsCommands } from './cli/credentials-commands.ts';
import { addLookCommands } from './cli/look-commands.ts';
import { addPortalCommands } from './cli/portal-commands.ts';
import { addProfileCommands } from './cli/profile-commands.ts';
import { addServiceCommands } from './cli/service-commands.ts';
import { addShellCommands } from './cli/shell-commands.ts';
import { addUseCommands } from './cli/use-commands.ts';
import { writeStdout } from './commands/stdout.ts';
import { AppError } from './errors.ts';
import type { Environment } from './ports/environment.ts';
import { openWiring } from './wiring.ts';

// Put in by the build, from package.json.
declare const ROLEKEEPER_VERSION: string;

/** In the order of `--help`. */
const groups: readonly AddCommands[] = [
  addCredentialsCommands,
  addProfileCommands,
  addPortalCommands,
  addLookCommands,
  addUseCommands,
  addServiceCommands,
  addShellCommands,
];

/** Runs one command. Returns the exit status; throws AppError. Help and version go to stdout, all else to stderr. */
export async function runCli(argv: readonly string[], env: Environment): Promise<number> {
  try {
    return await parseAndRun(argv, env);
  } catch (error) {
    if (!(error instanceof UsageMessage)) throw error;
    throw new AppError('usage', await (await import('./commands/usage-words.ts')).inPlainWords(error.message, argv));
  }
}

async function parseAndRun(argv: readonly string[], env: Environment): Promise<number> {
  let status = 0;
  const yargs = await loadYargs();
  const parser = yargs([...argv], '/')
    .scriptName('rolekeeper')
    .usage('rolekeeper keeps AWS role credentials fresh for every CLI and SDK.\n\nUsage: rolekeeper COMMAND')
    .locale('en')
    .check(refuseRepeated)
    .option('debug', { type: 'boolean', default: false, describe: 'tell on stderr what happens, one line per event' })
    .parserConfiguration({ 'populate--': true, 'boolean-negation': false, 'parse-positional-numbers': false })
    .demandCommand(1, 'say what to do')
    .strict()
    .version('version', 'show the version', ROLEKEEPER_VERSION)
    .help('help', 'show the help')
    .alias('h', 'help')
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .epilogue('`rolekeeper COMMAND --help` tells more. Manual pages: rolekeeper(1), rolekeeper-config(5), rolekeeper-agent(7).')
    .exitProcess(false)
    .showHelpOnFail(false)
    .fail((message: string | undefined, error: unknown) => {
      throw error ?? new UsageMessage(message ?? 'the arguments make no sense');
    });
  const ways = waysToRun(env, (ended) => {
    status = ended;
  });
  for (const addCommands of groups) addCommands(parser, ways);
  // Help and version: yargs would write them with console.log, to which a full disk is no failure.
  let document = '';
  await parser.parseAsync([...argv], {}, (_error, _args, output) => {
    document = output;
  });
  if (document !== '') writeStdout(`${document}\n`);
  return status;
}

function waysToRun(env: Environment, onEnd: (status: number) => void): Ways {
  const run: RunCommand = async (debug, work) => {
    onEnd((await work(openWiring(debug ? { ...env, ROLEKEEPER_DEBUG: '1' } : env))) ?? 0);
  };
  const telling =
    (done: 'tellAgentToForget' | 'tellAgentToDoubt', failed = done): RunCommand =>
    (debug, work) =>
      run(debug, async (wiring) => {
        let tell = failed;
        try {
          const status = await work(wiring);
          tell = done;
          return status;
        } finally {
          await (await import('./commands/tell-agent.ts'))[tell](wiring);
        }
      });
  return {
    run,
    runChanging: telling('tellAgentToForget'),
    runLogin: telling('tellAgentToForget', 'tellAgentToDoubt'),
    runRefreshing: telling('tellAgentToDoubt'),
    version: ROLEKEEPER_VERSION,
  };
}

// yargs asks for the working directory, which may have been deleted, when it is loaded; it has no use for the answer here.
async function loadYargs() {
  const { cwd } = process;
  process.cwd = () => '/';
  try {
    return (await import('yargs')).default;
  } finally {
    process.cwd = cwd;
  }
}

/** yargs makes a list of an option that is given twice, whatever its type; which of the two is meant is not for us to guess. */
function refuseRepeated(args: Readonly<Record<string, unknown>>): true {
  const repeated = Object.keys(args).find((name) => Array.isArray(args[name]) && !lists.has(name));
  if (repeated === undefined) return true;
  const name = repeated.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const [command] = Array.isArray(args['_']) ? args['_'] : [];
  throw new AppError('usage', { problem: `--${name} is given more than once`, hint: `run \`rolekeeper ${command} --help\`` });
}

const lists: ReadonlySet<string> = new Set(['_', '--', 'profiles', 'account', 'role']);

/** In yargs' own words. */
class UsageMessage extends Error {}
