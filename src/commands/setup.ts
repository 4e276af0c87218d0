// `rolekeeper setup`: the guided first run. Looks, asks, shows its plan; then imports, adopts, logs in, installs, and proves that it works.
// All or nothing: each change is noted before it is made, and taken back when a later step fails. Killed, it goes on where it was.

import { dirname } from 'node:path';
import { parseProfileName } from '../config/names.ts';
import { noWishes, planSetup } from '../config/setup-plan.ts';
import { parseMfaCode } from '../credentials/mfa-code.ts';
import { AppError } from '../errors.ts';
import type { NewPlaces } from '../ports/text-files.ts';
import type { Asker, Wiring } from '../wiring.ts';
import { readTexts, showEdit } from './config-texts.ts';
import { install, refuseOthers } from './install.ts';
import { withInterruption } from './interruption.ts';
import { type Journal, openJournal } from './journal.ts';
import { writeStderr } from './report.ts';
import { openServicePorts } from './service-ports.ts';
import { planBackground } from './setup-background.ts';
import { prepare } from './setup-prepare.ts';
import type { SetupOptions, SetupSides } from './setup-sides.ts';
import { carryOut } from './setup-steps.ts';
import { inHome, settingsWished, usualKeyFile } from './setup-store.ts';
import { dryLines, introduction } from './setup-words.ts';

const asker: Asker = {
  command: 'setup',
  instead:
    'run `rolekeeper setup --yes`, with --code where an MFA code is needed, and --profile, --prove, --mfa-serial, --store, --no-install as you wish; --dry-run shows the plan',
};

export async function setup(options: SetupOptions, wiring: Wiring): Promise<void> {
  if (options.code !== undefined) parseMfaCode(options.code); // before anything is asked
  if (options.isDryRun) return await showSetup(options, wiring);
  const ports = await openServicePorts(wiring);
  ports.refuseForeign();
  refuseOthers(ports);
  const { home } = ports.place;
  await withInterruption(async (signal) => {
    const terminal = await wiring.openTerminal({ ...asker, signal });
    if (!options.isYes && !terminal.isInteractive) throw new AppError('no-terminal', asker);
    const asked = options.isYes ? undefined : terminal;
    const keyFile = inHome(options.ageKeyFile ?? usualKeyFile, home);
    const side = await wiring.openSetup([wiring.configPath, wiring.credentialsPath, keyFile].map((path) => dirname(path)));
    const sides: SetupSides = { wiring, ports, home, asked, terminal, signal, journal: openJournal(), ...side };
    await allOrNothing(sides, async () => carryOut(await prepare(options, sides), sides));
  });
}

/** What fails is taken back, and then thrown. */
async function allOrNothing(
  { journal, newPlaces }: { readonly journal: Journal; readonly newPlaces: NewPlaces },
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    await takeBack(journal, newPlaces);
    throw error;
  }
}

async function takeBack(journal: Journal, newPlaces: NewPlaces): Promise<void> {
  try {
    await journal.takeBack();
    newPlaces.remove();
    writeStderr(['everything is as it was before']);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    writeStderr([
      `not everything could be taken back: ${error.message}`,
      '`rolekeeper setup` goes on from here; `rolekeeper release --all` and `rolekeeper status` lead back',
    ]);
  }
}

/** Asks neither the person, nor AWS, nor the store. */
async function showSetup(options: SetupOptions, wiring: Wiring): Promise<void> {
  const ports = await openServicePorts(wiring);
  const before = readTexts(wiring);
  const only = options.profile === undefined ? undefined : parseProfileName(options.profile);
  const wishes = { ...noWishes, only, settings: settingsWished(options, wiring) };
  const { env, program } = wiring;
  const plan = planSetup(before, wishes, { paths: wiring, env, program });
  writeStderr([...introduction, ...dryLines(plan, wishes.settings)]);
  showEdit(before, plan.after, wiring);
  const background = await planBackground(options, { wiring, ports });
  if (background.kind === 'service') await install({ mode: background.mode, isDryRun: true, isYes: true }, ports);
  else writeStderr(['nothing was changed']);
}
