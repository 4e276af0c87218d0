// `rolekeeper install`: sets the background service up. Says what it will do, asks once, does it, and proves that it works.
// What it is about to make is recorded before it is made, so that whatever interrupts it, uninstall knows.

import { AppError } from '../errors.ts';
import type { AgentDoor } from '../ports/agent-door.ts';
import type { ServiceRecord } from '../ports/service.ts';
import { faultPoint } from '../refresh/fault-point.ts';
import { planService, recordedRemoval } from '../service/choose-service.ts';
import { type FileChange, installChanges, recordAfter, recordDuring } from '../service/file-changes.ts';
import type { ServiceMode, ServicePlace, ServicePlan, ServiceRemoval } from '../service/service-plan.ts';
import type { ServiceSide, Wiring } from '../wiring.ts';
import { runService } from './run-service.ts';
import { applyChange } from './service-changes.ts';
import { changeLine, commandLine, shownChange } from './service-words.ts';

export interface InstallOptions {
  readonly mode: ServiceMode;
  readonly isDryRun: boolean;
  readonly isYes: boolean;
}

export interface InstallPorts extends ServiceSide, AgentDoor, Pick<Wiring, 'openTerminal' | 'clock'> {
  /** To the person, on stderr. */
  readonly say: (lines: readonly string[]) => void;
  /** What was asked for, on stdout. */
  readonly show: (document: string) => void;
}

/** How long a new agent has for its first answer. */
const firstAnswerMs = 10_000;

/**
 * Throws `foreign-owner` and `usage` before anything is done; `service-failed` when the system refuses a step or the service does not
 * answer: what was made is then still there, for a look at it and for uninstall.
 */
export async function install({ mode, isDryRun, isYes }: InstallOptions, ports: InstallPorts): Promise<void> {
  refuseOthers(ports);
  const place: ServicePlace = { ...ports.place, surroundings: await ports.manager.surroundings() };
  const plan = planService(mode, place);
  const record = ports.records.read();
  const changes = installChanges(plan, record, ports.files.read);
  const replaced = isReplacing(plan, record) ? recordedRemoval(record, place) : undefined;
  const hint = `see \`${plan.whereToLook}\`; to take it all back: \`rolekeeper uninstall\``;
  if (!isDryRun && isInPlace(changes, record) && replaced === undefined && (await isRunning(plan, ports))) {
    ports.say(['install: everything is in place, and it works', 'to take it all back: `rolekeeper uninstall`']);
    return;
  }
  ports.say(announcement({ plan, changes, replaced }));
  if (isDryRun) {
    ports.show(changes.map(shownChange).join(''));
    ports.say(['nothing was changed']);
    return;
  }
  const left = isYes ? refuseChanged(changes) : await askAll(changes, ports);
  if (replaced !== undefined) await runService(replaced.stop, ports.manager, hint);
  await makeFiles({ plan, changes, left, record }, ports);
  await cleanUp(replaced, ports);
  await ports.stopAgent(); // one that was started without the service, or before an upgrade
  faultPoint('old agent stopped');
  await runService(plan.start, ports.manager, hint);
  faultPoint('service started');
  await runService(plan.verify, ports.manager, hint);
  ports.say([mode === 'agent' ? await agentAnswer(ports, hint) : 'the timer runs, and a first refresh went well']);
  ports.say(['to take it all back: `rolekeeper uninstall`']);
}

/** Throws `usage` as well for sudo from another account: the service would be root's own. */
export function refuseOthers({ refuseForeign, place: { uid, env } }: InstallPorts): void {
  refuseForeign();
  const caller = env['SUDO_UID'];
  if (uid !== 0 || caller === undefined || caller === '' || caller === '0') return;
  throw new AppError('usage', {
    problem: `this would set the service up for root, not for ${env['SUDO_USER'] ?? `uid ${caller}`}`,
    hint: 'run it as yourself, without sudo (for root itself: `env -u SUDO_UID rolekeeper install`)',
  });
}

const kindWords = {
  systemd: "systemd's user manager",
  launchd: 'launchd',
  'task-scheduler': 'the Task Scheduler',
  'xdg-autostart': 'an autostart entry of the desktop',
} as const;

/** True when another kind of service, or another mode, is there already. */
function isReplacing(plan: ServicePlan, record: ServiceRecord | undefined): record is ServiceRecord {
  return record !== undefined && (record.kind !== plan.kind || record.mode !== plan.mode);
}

function isInPlace(changes: readonly FileChange[], record: ServiceRecord | undefined): boolean {
  return record !== undefined && changes.every(({ kind }) => kind === 'keep');
}

async function isRunning({ mode, verify }: ServicePlan, { manager, askAgent }: InstallPorts): Promise<boolean> {
  for (const command of verify) {
    if ((await manager.run(command)).status !== 0) return false;
  }
  return mode === 'timer' || (await askAgent()) !== undefined;
}

interface Announced {
  readonly plan: ServicePlan;
  readonly changes: readonly FileChange[];
  readonly replaced: ServiceRemoval | undefined;
}

function announcement({ plan: { kind, mode, start, notes }, changes, replaced }: Announced): readonly string[] {
  const what = mode === 'agent' ? 'an agent that stays' : 'a refresh every five minutes';
  return [
    `install: ${what}, by ${kindWords[kind]}`,
    ...(replaced?.stop ?? []).map(commandLine),
    ...changes.map(changeLine),
    ...start.map(commandLine),
    ...notes.map((note) => `note: ${note}`),
  ];
}

/** Nobody is there to decide: returns no change that is left out, or throws `usage`. */
function refuseChanged(changes: readonly FileChange[]): readonly FileChange[] {
  const changed = changes.find(({ kind }) => kind === 'overwrite' || kind === 'remove-changed');
  if (changed === undefined) return [];
  const path = 'file' in changed ? changed.file.path : changed.path;
  throw new AppError('usage', {
    problem: `${path} is not as install left it; nothing was changed`,
    hint: 'run `rolekeeper install` in a terminal to see the difference and decide, or move the file away',
  });
}

/** Asks once for the whole, and once for each file that somebody else changed. Returns the changes that are not wanted. */
async function askAll(changes: readonly FileChange[], { openTerminal }: InstallPorts): Promise<readonly FileChange[]> {
  const terminal = await openTerminal({ command: 'install', instead: 'run `rolekeeper install --yes`' });
  if (!(await terminal.confirm('Do this?'))) throw new AppError('declined', {});
  const left: FileChange[] = [];
  for (const change of changes) {
    if (change.kind !== 'overwrite' && change.kind !== 'remove-changed') continue;
    terminal.say(shownChange(change).trimEnd());
    const question =
      change.kind === 'overwrite'
        ? `Replace ${change.file.path}, which somebody changed, as shown?`
        : `Remove ${change.path}, which somebody changed as shown?`;
    if (!(await terminal.confirm(question))) left.push(change);
  }
  return left;
}

interface Making {
  readonly plan: ServicePlan;
  readonly changes: readonly FileChange[];
  readonly left: readonly FileChange[];
  readonly record: ServiceRecord | undefined;
}

async function makeFiles(
  { plan, changes, left, record }: Making,
  { files, records, place: { program } }: InstallPorts,
): Promise<void> {
  const made = changes.filter((change) => !left.includes(change));
  const paths = [records.path, ...plan.files.map(({ path }) => path), ...plan.traces];
  const directories = files.missingDirectories(paths);
  records.keep({ ...recordDuring(plan, record, directories), program });
  faultPoint('service noted');
  for (const change of made) applyChange(change, files);
  faultPoint('service files made');
  records.keep({ ...recordAfter(plan, { before: record, directories, left }), program });
  faultPoint('service recorded');
}

async function cleanUp(replaced: ServiceRemoval | undefined, { files, manager }: InstallPorts): Promise<void> {
  for (const trace of replaced?.traces ?? []) files.removeTrace(trace);
  await runService(replaced?.settle ?? [], manager, 'run the command again');
}

/** Throws `service-failed`. */
async function agentAnswer({ askAgent, clock, place }: InstallPorts, hint: string): Promise<string> {
  const giveUpAt = clock.now() + firstAnswerMs;
  do {
    const status = await askAgent();
    if (status !== undefined) {
      return `the agent answers: rolekeeper ${status.version}${status.pid === undefined ? '' : `, process ${status.pid}`}`;
    }
    await clock.wait(200);
  } while (clock.now() < giveUpAt);
  throw new AppError('service-failed', {
    doing: 'the service is set up, but its agent does not answer',
    problem: `nobody spoke at ${place.socketPath} for ${firstAnswerMs / 1000} s`,
    hint,
  });
}
