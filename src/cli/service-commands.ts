// The resident process and the background service.

import { agentActions } from '../commands/agent-actions.ts';
import type { UninstallPorts } from '../commands/uninstall.ts';
import type { Wiring } from '../wiring.ts';
import type { AddCommands } from './add-commands.ts';
import { dryRun, yes } from './shared-options.ts';

export const addServiceCommands: AddCommands = (yargs, { run, version }) =>
  yargs
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
          (await import('../commands/agent.ts')).agent(
            { action: args.action, isJson: args.json, leavesWhenIdle: args.untilIdle, version },
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
          const [{ install }, ports] = await Promise.all([import('../commands/install.ts'), openServicePorts(wiring)]);
          const mode = args.timer ? 'timer' : 'agent';
          await install({ mode, isDryRun: args.dryRun, isYes: args.yes }, ports);
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
          const [{ uninstall }, ports] = await Promise.all([import('../commands/uninstall.ts'), openServicePorts(wiring)]);
          await uninstall(
            {
              isPurge: args.purge,
              deletesKeys: args.deleteKeys,
              losesKeys: args.loseKeys,
              isDryRun: args.dryRun,
              isYes: args.yes,
            },
            ports,
          );
          return 0;
        }),
    );

async function openServicePorts(wiring: Wiring): Promise<UninstallPorts> {
  return await (await import('../commands/service-ports.ts')).openServicePorts(wiring);
}
