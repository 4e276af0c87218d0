// The command line: names, options and help of every command. A command is loaded when it is chosen.

import process from 'node:process';
import { agentActions } from './commands/agent-actions.ts';
import { writeStderr } from './commands/report.ts';
import { shells } from './commands/shells.ts';
import { defaultTemplate, ssoActions } from './commands/sso-words.ts';
import { writeStdout } from './commands/stdout.ts';
import { completionShells } from './completion/command-table.ts';
import { AppError } from './errors.ts';
import type { Environment } from './ports.ts';
import { openWiring, type Wiring } from './wiring.ts';

// Put in by the build, from package.json.
declare const ROLEKEEPER_VERSION: string;

const profileArgument = { type: 'string', demandOption: true, describe: 'a profile of ~/.aws/config' } as const;
const optionalProfile = { type: 'string', describe: 'a profile of ~/.aws/config' } as const;
const noProfiles: string[] = [];
const namedProfiles = { type: 'string', array: true, default: noProfiles, describe: 'profiles of ~/.aws/config' } as const;
const noTexts: string[] = [];
const manyTexts = { type: 'string', array: true, nargs: 1, default: noTexts } as const;
const yes = { type: 'boolean', default: false, describe: 'ask nothing' } as const;
const dryRun = { type: 'boolean', default: false, describe: 'show the changes as a diff and make none' } as const;
const keysName = { type: 'string', describe: 'name of the keys in the store, if not the name of the profile' } as const;

async function openServicePorts(wiring: Wiring) {
  const { openAgentDoor } = await import('./commands/agent-door.ts');
  return { ...wiring, ...(await wiring.openService()), ...openAgentDoor(wiring), say: writeStderr, show: writeStdout };
}

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
  const run = async (debug: boolean, work: (wiring: Wiring) => Promise<number | undefined>) => {
    status = (await work(openWiring(debug ? { ...env, ROLEKEEPER_DEBUG: '1' } : env))) ?? 0;
  };
  // A command that changes store, state or files: an agent must not answer from before, however the command ended.
  const telling =
    (tell: 'tellAgentToForget' | 'tellAgentToDoubt') => (debug: boolean, work: (wiring: Wiring) => Promise<number | undefined>) =>
      run(debug, async (wiring) => {
        try {
          return await work(wiring);
        } finally {
          await (await import('./commands/tell-agent.ts'))[tell](wiring);
        }
      });
  const runChanging = telling('tellAgentToForget');
  const runRefreshing = telling('tellAgentToDoubt');
  const yargs = await loadYargs();
  await yargs([...argv], '/')
    .scriptName('rolekeeper')
    .usage('rolekeeper keeps AWS role credentials fresh for every CLI and SDK.\n\nUsage: rolekeeper COMMAND')
    .locale('en')
    .check(refuseRepeated)
    .option('debug', { type: 'boolean', default: false, describe: 'tell on stderr what happens, one line per event' })
    .command(
      'get <profile>',
      'print credentials as AWS programs expect them of a credential_process',
      (args) => args.positional('profile', profileArgument),
      (args) => run(args.debug, async (wiring) => void (await (await import('./commands/get.ts')).get(args.profile, wiring))),
    )
    .command(
      'login [profile]',
      "sign in to IAM Identity Center, or spend one MFA code on the day's session or on the one role that takes it",
      (args) =>
        args
          .positional('profile', optionalProfile)
          .option('code', { type: 'string', describe: 'the six digits; else mfa_process, the terminal or stdin gives them' })
          .option('sso-session', { type: 'string', describe: 'an sso-session section of ~/.aws/config, instead of a profile' })
          .option('device-code', {
            type: 'boolean',
            default: false,
            describe: 'sign in with a code on any device, instead of in a browser here',
          })
          .option('no-browser', { type: 'boolean', default: false, describe: 'print the address of the sign-in page only' }),
      (args) =>
        runChanging(
          args.debug,
          async (wiring) =>
            void (await (
              await import('./commands/login.ts')
            ).login(
              {
                profile: args.profile,
                code: args.code,
                ssoSession: args.ssoSession,
                isDeviceCode: args.deviceCode,
                opensBrowser: !args.noBrowser,
              },
              wiring,
            )),
        ),
    )
    .command(
      'logout [profile]',
      'forget the session of a profile and every role behind it; never the long-term keys',
      (args) =>
        args
          .positional('profile', optionalProfile)
          .option('all', { type: 'boolean', default: false, describe: 'of every profile' }),
      (args) =>
        runChanging(args.debug, async (wiring) =>
          (await import('./commands/logout.ts')).logout({ profile: args.profile, isAll: args.all }, wiring),
        ),
    )
    .command(
      'unlock',
      'open the age store with its passphrase, for `get` and the agent',
      (args) => args,
      (args) => run(args.debug, async (wiring) => void (await (await import('./commands/unlock.ts')).unlock(wiring))),
    )
    .command(
      'lock',
      'have the agent forget what `unlock` opened',
      (args) => args,
      (args) => run(args.debug, async (wiring) => void (await (await import('./commands/lock.ts')).lock(wiring))),
    )
    .command(
      'refresh [profiles..]',
      'run AssumeRole for what is due: the named profiles, or all that were asked for before',
      (args) =>
        args
          .positional('profiles', namedProfiles)
          .option('due', { type: 'boolean', default: true, describe: 'only what is due (the default)' })
          .option('force', { type: 'boolean', default: false, describe: 'what is not due as well' })
          .option('quiet', { type: 'boolean', default: false, describe: 'say nothing; the exit status tells' }),
      (args) =>
        runRefreshing(args.debug, async (wiring) =>
          (await import('./commands/refresh.ts')).refresh(
            { profiles: args.profiles, isForced: args.force, isQuiet: args.quiet },
            wiring,
          ),
        ),
    )
    .command(
      'import <profile>',
      'move the long-term keys of a profile from the credentials file into the store',
      (args) =>
        args
          .positional('profile', profileArgument)
          .option('keys', keysName)
          .option('keep', { type: 'boolean', default: false, describe: 'leave the plaintext keys in the file' })
          .option('undo', { type: 'boolean', default: false, describe: 'put the files back as they were before the import' })
          .option('dry-run', dryRun)
          .option('yes', yes),
      (args) =>
        runChanging(args.debug, async (wiring) => {
          const asked = { profile: args.profile, isDryRun: args.dryRun, isYes: args.yes };
          if (args.undo) {
            await (await import('./commands/undo-import.ts')).undoImport(asked, wiring);
            return 0;
          }
          const { importKeys } = await import('./commands/import.ts');
          await importKeys(
            { profile: args.profile, keysName: args.keys, isKept: args.keep, isDryRun: args.dryRun, isYes: args.yes },
            wiring,
          );
          return 0;
        }),
    )
    .command(
      'add <profile>',
      'put long-term keys that you type into the store, and set the profile up',
      (args) =>
        args
          .positional('profile', profileArgument)
          .option('keys', keysName)
          .option('access-key-id', { type: 'string', describe: 'the key id; the secret is asked for, or read from stdin' })
          .option('mfa-serial', { type: 'string', describe: "the ARN of the user's MFA device" })
          .option('region', { type: 'string', describe: 'the region of the profile' })
          .option('undo', {
            type: 'boolean',
            default: false,
            describe: 'take the keys out of the store and the profile out of the file',
          })
          .option('dry-run', dryRun)
          .option('yes', yes),
      (args) =>
        runChanging(args.debug, async (wiring) => {
          if (args.undo) {
            const asked = { profile: args.profile, isDryRun: args.dryRun, isYes: args.yes };
            await (await import('./commands/undo-add.ts')).undoAdd(asked, wiring);
            return 0;
          }
          const { addKeys } = await import('./commands/add.ts');
          await addKeys(
            {
              profile: args.profile,
              keysName: args.keys,
              accessKeyId: args.accessKeyId,
              mfaSerial: args.mfaSerial,
              region: args.region,
              isDryRun: args.dryRun,
              isYes: args.yes,
            },
            wiring,
          );
          return 0;
        }),
    )
    .command(
      'adopt [profiles..]',
      'put ordinary role profiles on rolekeeper, each as a pair of sections',
      (args) =>
        args
          .positional('profiles', namedProfiles)
          .option('all', { type: 'boolean', default: false, describe: 'every ordinary role profile that can be' })
          .option('alias', { type: 'string', describe: 'leave the profile as it is, and add PROFILE-ALIAS beside it' })
          .option('dry-run', dryRun)
          .option('yes', yes),
      (args) =>
        runChanging(args.debug, async (wiring) => {
          const { adopt } = await import('./commands/adopt.ts');
          await adopt(
            { profiles: args.profiles, isAll: args.all, suffix: args.alias, isDryRun: args.dryRun, isYes: args.yes },
            wiring,
          );
          return 0;
        }),
    )
    .command(
      'release [profiles..]',
      'take profiles off rolekeeper again: what adopt and import did to the files',
      (args) =>
        args
          .positional('profiles', namedProfiles)
          .option('all', { type: 'boolean', default: false, describe: 'every profile that is on rolekeeper' })
          .option('dry-run', dryRun)
          .option('yes', yes),
      (args) =>
        runChanging(args.debug, async (wiring) => {
          const { release } = await import('./commands/release.ts');
          await release({ profiles: args.profiles, isAll: args.all, isDryRun: args.dryRun, isYes: args.yes }, wiring);
          return 0;
        }),
    )
    .command(
      'sso <action>',
      'the accounts and roles that you have in IAM Identity Center, and profiles for them',
      (args) =>
        args
          .positional('action', {
            choices: ssoActions,
            demandOption: true,
            describe: '`accounts` lists what you have; `populate` adds profiles for it',
          } as const)
          .option('profile', { type: 'string', describe: 'a profile that starts from there; else the only sign-in there is' })
          .option('sso-session', { type: 'string', describe: 'an sso-session section of ~/.aws/config, instead of a profile' })
          .option('account', { ...manyTexts, describe: 'only this account, by its id or name; may be repeated' })
          .option('role', { ...manyTexts, describe: 'only this role; may be repeated' })
          .option('all', { type: 'boolean', default: false, describe: 'with populate: every role that you have' })
          .option('template', {
            type: 'string',
            default: defaultTemplate,
            describe: 'with populate: how profiles are called; knows {account_id}, {account_name}, {role_name} and {session}',
          })
          .option('prefix', { type: 'string', default: '', describe: 'with populate: what their names begin with' })
          .option('region', { type: 'string', describe: 'with populate: the region of the profiles' })
          .option('json', { type: 'boolean', default: false, describe: 'with accounts: one JSON document' })
          .option('dry-run', dryRun)
          .option('yes', yes),
      (args) =>
        runChanging(args.debug, async (wiring) => {
          const { profile, ssoSession, account: accounts, role: roles, template, prefix, region } = args;
          const question = { profile, ssoSession, accounts, roles };
          if (args.action === 'accounts') {
            await (await import('./commands/sso-accounts.ts')).ssoAccounts(question, args.json, wiring);
            return 0;
          }
          const { ssoPopulate } = await import('./commands/sso-populate.ts');
          const more = { isAll: args.all, template, prefix, region, isDryRun: args.dryRun, isYes: args.yes };
          await ssoPopulate({ ...question, ...more }, wiring);
          return 0;
        }),
    )
    .command(
      'rotate <profile>',
      'a new access key for the IAM user whose keys are in the store; the old one is deleted later',
      (args) =>
        args
          .positional('profile', profileArgument)
          .option('delete-after', {
            type: 'string',
            describe: 'days that the old key is kept, inactive, before it may be deleted (default: 7)',
          })
          .option('delete', { type: 'boolean', default: false, describe: 'delete the old key at once' })
          .option('finish', { type: 'boolean', default: false, describe: 'end a rotation that is under way, and begin none' })
          .option('dry-run', { ...dryRun, describe: 'say what would be done, and do nothing' })
          .option('yes', yes),
      (args) =>
        runChanging(
          args.debug,
          async (wiring) =>
            void (await (
              await import('./commands/rotate.ts')
            ).rotate(
              {
                profile: args.profile,
                deleteAfter: args.deleteAfter,
                deletes: args.delete,
                isFinish: args.finish,
                isDryRun: args.dryRun,
                isYes: args.yes,
              },
              wiring,
            )),
        ),
    )
    .command(
      'status [profile]',
      'what is cached until when, what failed, what happens next',
      (args) =>
        args
          .positional('profile', optionalProfile)
          .option('json', { type: 'boolean', default: false, describe: 'for programs: one JSON document' })
          .option('watch', { type: 'boolean', default: false, describe: 'draw it anew until Ctrl-C' })
          .option('prompt', { type: 'boolean', default: false, describe: "a short piece for a shell's prompt, of one profile" }),
      (args) =>
        run(args.debug, async (wiring) => {
          const ways = ['json', 'watch', 'prompt'].filter((name) => args[name] === true).map((name) => `--${name}`);
          if (ways.length > 1) throw new AppError('usage', { problem: `${ways.join(' and ')} do not go together` });
          if (args.prompt) return void (await (await import('./commands/prompt.ts')).printPrompt(args.profile, wiring));
          const { status, statusWatched } = await import('./commands/status.ts');
          const options = { profile: args.profile, isJson: args.json, version: ROLEKEEPER_VERSION };
          await (args.watch ? statusWatched(options, wiring) : status(options, wiring));
          return undefined;
        }),
    )
    .command(
      'explain <profile>',
      'the chain hop by hop: where each value comes from, what is cached, what the next get will do',
      (args) =>
        args
          .positional('profile', profileArgument)
          .option('json', { type: 'boolean', default: false, describe: 'for programs: one JSON document' }),
      (args) =>
        run(
          args.debug,
          async (wiring) =>
            void (await import('./commands/explain.ts')).explain({ profile: args.profile, isJson: args.json }, wiring),
        ),
    )
    .command(
      'doctor',
      'what is wrong on this machine, why it matters, and the command that mends it',
      (args) =>
        args
          .option('json', { type: 'boolean', default: false, describe: 'for programs: one JSON document' })
          .option('fix', { type: 'boolean', default: false, describe: 'mend what can be mended without harm' })
          .option('online', { type: 'boolean', default: false, describe: 'ask STS as well' }),
      (args) =>
        run(
          args.debug,
          async (wiring) =>
            void (await (
              await import('./commands/doctor.ts')
            ).doctor({ isJson: args.json, isFixing: args.fix, isOnline: args.online, version: ROLEKEEPER_VERSION }, wiring)),
        ),
    )
    .command(
      'exec <profile>',
      'run a program with the credentials in its environment',
      (args) => args.usage('rolekeeper exec <profile> -- <program> [arguments..]').positional('profile', profileArgument),
      (args) =>
        run(args.debug, async (wiring) =>
          (await import('./commands/exec.ts')).exec(args.profile, wordsAfterDashes(args), wiring),
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
          async (wiring) => void (await (await import('./commands/env.ts')).printEnv(args.profile, args.shell, wiring)),
        ),
    )
    .command(
      'agent <action>',
      'the resident process that answers at once and refreshes in the background',
      (args) =>
        args
          .positional('action', {
            choices: agentActions,
            demandOption: true,
            describe: '`run` stays in the foreground; `start` leaves when it is idle',
          } as const)
          .option('json', { type: 'boolean', default: false, describe: 'with status: one JSON document' })
          .option('until-idle', { type: 'boolean', default: false, describe: 'with run: leave when there is nothing to do' }),
      (args) =>
        run(args.debug, async (wiring) =>
          (await import('./commands/agent.ts')).agent(
            { action: args.action, isJson: args.json, leavesWhenIdle: args.untilIdle, version: ROLEKEEPER_VERSION },
            wiring,
          ),
        ),
    )
    .command(
      'install',
      'set up the background service that keeps credentials fresh',
      (args) =>
        args
          .option('timer', {
            type: 'boolean',
            default: false,
            describe: 'a refresh every five minutes instead of an agent that stays',
          })
          .option('dry-run', { ...dryRun, describe: 'show every file and command, and change nothing' })
          .option('yes', yes),
      (args) =>
        run(args.debug, async (wiring) => {
          const [{ install }, service] = await Promise.all([import('./commands/install.ts'), openServicePorts(wiring)]);
          const mode = args.timer ? 'timer' : 'agent';
          await install({ mode, isDryRun: args.dryRun, isYes: args.yes }, service);
          return 0;
        }),
    )
    .command(
      'uninstall',
      'stop the background service and remove what install made',
      (args) =>
        args
          .option('purge', { type: 'boolean', default: false, describe: "remove the store's items and the state as well" })
          .option('delete-keys', {
            type: 'boolean',
            default: false,
            describe: 'with --purge: the long-term keys too, imported ones after they are back in their file',
          })
          .option('lose-keys', {
            type: 'boolean',
            default: false,
            describe: 'with --delete-keys: also those whose import cannot be undone, for good',
          })
          .option('dry-run', { ...dryRun, describe: 'show what would go, and change nothing' })
          .option('yes', yes),
      (args) =>
        run(args.debug, async (wiring) => {
          const [{ uninstall }, ports] = await Promise.all([import('./commands/uninstall.ts'), openServicePorts(wiring)]);
          await uninstall(
            {
              isPurge: args.purge,
              deletesKeys: args.deleteKeys,
              losesKeys: args.loseKeys,
              isDryRun: args.dryRun,
              isYes: args.yes,
            },
            { ...ports, planPurge: async (asked) => (await import('./commands/purge.ts')).planPurge(asked, ports) },
          );
          return 0;
        }),
    )
    .command(
      'completion <shell>',
      'print a script that completes this command line in your shell',
      (args) => args.positional('shell', { choices: completionShells, demandOption: true, describe: 'whose script' } as const),
      (args) => run(args.debug, async () => void (await import('./commands/completion.ts')).printCompletion(args.shell)),
    )
    .command(
      'demo',
      'show a whole day in half a minute, in a sandbox that touches nothing of yours',
      (args) => args.option('fast', { type: 'boolean', default: false, describe: 'without the pauses for reading' }),
      (args) =>
        run(args.debug, async (wiring) => void (await (await import('./commands/demo.ts')).demo({ isFast: args.fast }, wiring))),
    )
    .parserConfiguration({ 'populate--': true, 'boolean-negation': false, 'parse-positional-numbers': false })
    .demandCommand(1, 'say what to do')
    .strict()
    .version(ROLEKEEPER_VERSION)
    .help()
    .alias('h', 'help')
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .epilogue('`rolekeeper COMMAND --help` tells more. Manual pages: rolekeeper(1), rolekeeper-config(5), rolekeeper-agent(7).')
    .exitProcess(false)
    .showHelpOnFail(false)
    .fail((message: string | undefined, error: unknown) => {
      throw error ?? new UsageMessage(message ?? 'the arguments make no sense');
    })
    .parseAsync();
  return status;
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

function wordsAfterDashes(args: Readonly<Record<string, unknown>>): readonly string[] {
  const words = args['--'];
  return Array.isArray(words) ? words.map(String) : [];
}
