// `rolekeeper uninstall`: stops the background service and removes what install made, and nothing else. Lists it first.
// With --purge also the store's items and the state: purge.ts.

import { dirname } from 'node:path';
import { AppError } from '../errors.ts';
import type { RecordedFile, ServiceRecord } from '../ports/service.ts';
import { faultPoint } from '../refresh/fault-point.ts';
import { possiblePlans, recordedRemoval } from '../service/choose-service.ts';
import { type FileChange, pathOf, removalChanges } from '../service/file-changes.ts';
import { isMarkedAsOurs, type ServiceRemoval } from '../service/service-plan.ts';
import type { InstallPorts } from './install.ts';
import type { PurgePlan, PurgeWords } from './purge.ts';
import { runService } from './run-service.ts';
import { applyChange } from './service-changes.ts';
import { changeLine, commandLine, shownChange } from './service-words.ts';

export interface UninstallOptions {
  readonly isPurge: boolean;
  readonly deletesKeys: boolean;
  readonly losesKeys: boolean;
  readonly isDryRun: boolean;
  readonly isYes: boolean;
}

export interface UninstallPorts extends InstallPorts {
  /** Throws where a purge would lose long-term keys. */
  readonly planPurge: (asked: PurgeWords) => Promise<PurgePlan>;
}

/** Throws `foreign-owner` and `usage` before anything is done. A file that somebody changed is left there unless a person says otherwise. */
export async function uninstall(options: UninstallOptions, ports: UninstallPorts): Promise<void> {
  const { isPurge, deletesKeys, losesKeys } = options;
  ports.refuseForeign();
  if (deletesKeys && !isPurge) throw new AppError('usage', { problem: '--delete-keys is a part of --purge', hint: 'say both' });
  if (losesKeys && !deletesKeys)
    throw new AppError('usage', { problem: '--lose-keys is a part of --delete-keys', hint: 'say both' });
  const purge = isPurge ? await ports.planPurge({ deletesKeys, losesKeys }) : undefined;
  try {
    await removeAll(purge, options, ports);
  } finally {
    await purge?.close();
  }
}

async function removeAll(
  purge: PurgePlan | undefined,
  { isPurge, isDryRun, isYes }: UninstallOptions,
  ports: UninstallPorts,
): Promise<void> {
  const found = await findService(ports);
  const changes = removalChanges(found.record.files, ports.files.read);
  const isNothing = changes.length === 0 && found.removals.length === 0;
  ports.say([
    ...(isNothing ? ['there is no background service of rolekeeper here'] : announcement(changes, found.removals)),
    ...(purge?.lines ?? []),
  ]);
  if (isDryRun) {
    ports.show(changes.map(shownChange).join('') + (purge?.diff ?? ''));
    ports.say(['nothing was changed']);
    return;
  }
  if (isNothing && purge === undefined) return;
  const left = isYes ? changes.filter(({ kind }) => kind === 'remove-changed') : await askAll(changes, ports);
  await removeService({ found, changes, left }, ports);
  await purge?.run();
  ports.say([...left.map((change) => `left as somebody changed it: ${pathOf(change)}`), ...farewell(isPurge, isNothing)]);
}

interface FoundService {
  /** Of what is there; without a real one, of all that an install may have made. */
  readonly record: ServiceRecord;
  readonly removals: readonly ServiceRemoval[];
}

async function findService({ records, place, manager, files }: UninstallPorts): Promise<FoundService> {
  const record = records.read();
  if (record !== undefined) return { record, removals: [recordedRemoval(record, place)] };
  const plans = possiblePlans({ ...place, surroundings: await manager.surroundings() });
  // A unit that merely has our name is its owner's.
  const isThere = ({ path }: { readonly path: string }) => isMarkedAsOurs(files.read(path) ?? '');
  const there = plans.filter((plan) => plan.files.some(isThere));
  const texts = there.flatMap((plan) =>
    plan.files.filter(isThere).map(({ path, text }): RecordedFile => ({ path, texts: [text] })),
  );
  return { record: { kind: '', mode: '', files: texts, directories: [] }, removals: there };
}

function announcement(changes: readonly FileChange[], removals: readonly ServiceRemoval[]): readonly string[] {
  return [
    'uninstall: the background service goes away',
    ...removals.flatMap(({ stop }) => stop).map(commandLine),
    ...changes.map(changeLine),
    ...removals.flatMap(({ settle }) => settle).map(commandLine),
  ];
}

/** Asks once for the whole, and once for each file that somebody changed. Returns the changes that are not wanted. */
async function askAll(changes: readonly FileChange[], { openTerminal }: UninstallPorts): Promise<readonly FileChange[]> {
  const terminal = await openTerminal({ command: 'uninstall', instead: 'say --yes as well' });
  if (!(await terminal.confirm('Do this?'))) throw new AppError('declined', {});
  const left: FileChange[] = [];
  for (const change of changes) {
    if (change.kind !== 'remove-changed') continue;
    terminal.say(shownChange(change).trimEnd());
    if (!(await terminal.confirm(`Remove ${change.path}, which somebody changed as shown?`))) left.push(change);
  }
  return left;
}

interface Removing {
  readonly found: FoundService;
  readonly changes: readonly FileChange[];
  readonly left: readonly FileChange[];
}

async function removeService({ found, changes, left }: Removing, ports: UninstallPorts): Promise<void> {
  const { files, records, manager, stopAgent } = ports;
  const { record, removals } = found;
  const all = (part: 'stop' | 'settle') => removals.flatMap((removal) => removal[part]);
  await runService(all('stop'), manager, 'run the command again');
  await stopAgent();
  for (const change of changes) {
    if (!left.includes(change)) applyChange(change, files);
  }
  faultPoint('service files removed');
  for (const trace of removals.flatMap(({ traces }) => traces)) files.removeTrace(trace);
  await runService(all('settle'), manager, 'run the command again');
  await removeSocket(ports);
  const leftPaths = new Set(left.map(pathOf));
  const leftFiles = record.files.filter(({ path }) => leftPaths.has(path));
  if (leftFiles.length === 0) records.forget();
  else records.keep({ ...record, files: leftFiles });
  files.removeEmptyDirectories(record.directories);
}

/** An agent that still answers (another one was started meanwhile, or it is another home's) keeps its socket. */
async function removeSocket({ askAgent, hasOthersAgent, files, place }: UninstallPorts): Promise<void> {
  if (place.platform === 'win32' || (await askAgent()) !== undefined) return; // a pipe goes with its agent
  if (await hasOthersAgent()) return;
  files.removeTrace(place.socketPath);
  files.removeEmptyDirectories([dirname(place.socketPath)]);
}

function farewell(isPurge: boolean, isNothing: boolean): readonly string[] {
  if (isPurge)
    return [
      'done; the program itself is still there: `sh install/install.sh --uninstall` removes it, or `npm uninstall -g rolekeeper`',
    ];
  return isNothing
    ? []
    : [
        'done; the store, the state and your profiles are as they were, and go on working',
        '`rolekeeper release --all` takes the profiles off rolekeeper; `rolekeeper uninstall --purge --delete-keys` does that and removes store and state',
      ];
}
