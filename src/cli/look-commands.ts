// Looking: nothing here changes anything, save `doctor --fix`.

import { AppError } from '../errors.ts';
import type { AddCommands } from './add-commands.ts';
import { optionalProfile, profileArgument } from './shared-options.ts';

export const addLookCommands: AddCommands = (yargs, { run, version }) =>
  yargs
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
          if (args.prompt) return void (await (await import('../commands/prompt.ts')).printPrompt(args.profile, wiring));
          const { status, statusWatched } = await import('../commands/status.ts');
          const options = { profile: args.profile, isJson: args.json, version };
          await (args.watch ? statusWatched(options, wiring) : status(options, wiring));
          return undefined;
        }),
    )
    .command(
      'log [profile]',
      'the audit trail: who was given which credentials; off unless `audit = on` is set',
      (args) =>
        args
          .positional('profile', optionalProfile)
          .option('program', { type: 'string', describe: 'only what this program asked for' })
          .option('since', { type: 'string', describe: '30m, 2h, 3d, or a date' })
          .option('failed', { type: 'boolean', default: false, describe: 'only what was refused' })
          .option('json', { type: 'boolean', default: false, describe: 'for programs: the lines as they are' })
          .option('follow', { type: 'boolean', default: false, describe: 'go on with what comes, until Ctrl-C' }),
      (args) =>
        run(args.debug, async (wiring) => {
          const { profile, program, since, failed: isFailed, json: isJson, follow: isFollowing } = args;
          const { log } = await import('../commands/log.ts');
          return void (await log({ profile, program, since, isFailed, isJson, isFollowing }, wiring));
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
            void (await import('../commands/explain.ts')).explain({ profile: args.profile, isJson: args.json }, wiring),
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
              await import('../commands/doctor.ts')
            ).doctor({ isJson: args.json, isFixing: args.fix, isOnline: args.online, version }, wiring)),
        ),
    );
