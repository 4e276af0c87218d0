// Looks at everything that `doctor` checks, and hands it to the checks. Changes nothing itself; the lines that it runs are what every client
// runs.

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { findSection } from '../config/aws-config.ts';
import { keysAccount, type ProfileName } from '../config/names.ts';
import { processLine } from '../config/process-line.ts';
import { type ConfigFiles, keptProfiles, knownProfiles, ownProfile } from '../config/profile-settings.ts';
import { type Recipe, stepsOf } from '../config/recipe.ts';
import { resolveRecipe } from '../config/resolve-recipe.ts';
import { checkEnvironmentKeys, checkFileKeys } from '../doctor/access-keys.ts';
import { checkSocket, checkTrouble } from '../doctor/background.ts';
import { checkClock } from '../doctor/clock.ts';
import { checkConfigText } from '../doctor/config-files.ts';
import { checkFileMode } from '../doctor/file-modes.ts';
import { type CheckName, editCommand, type Finding } from '../doctor/finding.ts';
import { checkMixedProfile } from '../doctor/mixed-profiles.ts';
import {
  checkLineRuns,
  checkLineText,
  lineDeadlineMs,
  lineOutputLimit,
  mergeLogins,
  type ProcessLine,
} from '../doctor/process-line.ts';
import { checkRecipe } from '../doctor/recipes.ts';
import { checkSdkCache } from '../doctor/sdk-caches.ts';
import { checkUnusedItems } from '../doctor/unused-items.ts';
import { type AppError, isAppError } from '../errors.ts';
import { knownPrincipal, loadPrincipal } from '../hops/keys.ts';
import type { Inspector, LineRun, Store } from '../ports.ts';
import { fewAtOnce } from '../refresh/few-at-once.ts';
import { listItems } from '../stores/item-index.ts';
import type { Wiring } from '../wiring.ts';
import { backgroundStatus } from './background-status.ts';
import { storeStatus } from './store-status.ts';

export interface Examined {
  readonly name: CheckName;
  /** What is there, or why nobody could look. */
  readonly says?: string;
  readonly isSkipped: boolean;
  readonly findings: readonly Finding[];
}

export interface ExamineOptions {
  readonly isOnline: boolean;
  /** This program's. */
  readonly version: string;
}

/** Every check, in the order of `checkNames`. `sts` only where it was asked for. */
export async function examine({ isOnline, version }: ExamineOptions, wiring: Wiring): Promise<readonly Examined[]> {
  const inspector = await wiring.openInspector();
  const files = filesOrProblem(wiring);
  const withFiles = (name: CheckName, check: (files: ConfigFiles) => readonly Finding[]): Examined =>
    'config' in files ? examined(name, check(files)) : skipped(name, 'the config cannot be read');
  const kept = 'config' in files ? keptProfiles(files) : [];
  const each = (check: (profile: (typeof kept)[number], files: ConfigFiles) => readonly Finding[]) => (read: ConfigFiles) =>
    kept.flatMap((profile) => check(profile, read));
  const keys = 'config' in files ? checkFileKeys(files) : [];
  const ofKeys = (check: CheckName) => keys.filter((finding) => finding.check === check);
  const store = 'config' in files ? await examineStore(wiring) : skipped('store', 'the config, which chooses it, cannot be read');
  const items = 'config' in files && store.findings.length === 0 ? await examineItems(files, wiring) : undefined;
  const sts = isOnline ? [await examineSts(files, wiring)] : [];
  return [
    examined('config-files', 'config' in files ? checkTexts(wiring) : [unreadable(files, wiring)]),
    examined('file-modes', checkModes(inspector, wiring)),
    withFiles(
      'recipes',
      each((profile, read) => checkRecipe(profile, read, wiring.env)),
    ),
    withFiles('mixed-profiles', each(checkMixedProfile)),
    withFiles('winning-keys', () => [...checkEnvironmentKeys(wiring.env), ...ofKeys('winning-keys')]),
    withFiles('plaintext', () => ofKeys('plaintext')),
    examined('sdk-caches', checkCaches(inspector, wiring)),
    examined('clock', checkClock(wiring.clock.toLocal(wiring.clock.now()) - wiring.clock.now(), process.platform)),
    store,
    items ?? skipped('unused-items', 'the store or a recipe does not say what is used'),
    ...(await examineBackground(version, wiring)),
    'config' in files
      ? await examineLines(files, store, { inspector, wiring })
      : skipped('process-line', 'the config cannot be read'),
    ...sts,
  ];
}

function examined(name: CheckName, findings: readonly Finding[], says?: string): Examined {
  return { name, isSkipped: false, findings, ...(says === undefined ? {} : { says }) };
}

function skipped(name: CheckName, says: string): Examined {
  return { name, isSkipped: true, findings: [], says };
}

function filesOrProblem(wiring: Wiring): ConfigFiles | AppError {
  try {
    return wiring.readConfig();
  } catch (error) {
    if (!isAppError(error)) throw error;
    return error;
  }
}

function unreadable(error: ConfigFiles | AppError, { configPath }: Wiring): Finding {
  const problem = isAppError(error) ? error : undefined;
  const why = 'no AWS program can use a profile of it';
  const isMalformed = isAppError(problem, 'config-malformed');
  const mend = isMalformed ? editCommand(problem.details) : `ls -l ${configPath}`;
  return { check: 'config-files', what: problem?.message ?? configPath, why, mend };
}

function checkTexts({ textFiles, configPath, credentialsPath }: Wiring): readonly Finding[] {
  return [configPath, credentialsPath].flatMap((path) => checkConfigText(path, textFiles.read(path)));
}

function checkModes({ look }: Inspector, { configPath, credentialsPath }: Wiring): readonly Finding[] {
  const paths = new Set([dirname(configPath), dirname(credentialsPath), configPath, credentialsPath]);
  return [...paths].flatMap((path) => {
    const found = look(path);
    return found === undefined ? [] : checkFileMode(found);
  });
}

/** They lie beside the config, wherever that is: the AWS CLI has no other place for them than ~/.aws. */
function checkCaches({ list }: Inspector, { configPath }: Wiring): readonly Finding[] {
  return (['cli', 'sso'] as const).flatMap((kind) => {
    const path = join(dirname(configPath), kind, 'cache');
    return checkSdkCache({ kind, path, files: list(path) });
  });
}

async function examineStore(wiring: Wiring): Promise<Examined> {
  const { description, ...trouble } = await storeStatus(wiring);
  return examined('store', checkTrouble('store', trouble), description);
}

const storeDeadlineMs = 5_000;

async function withStore<T>(wiring: Wiring, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await wiring.openStore({ deadlineMs: storeDeadlineMs, prompts: 'never' });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** Undefined where some recipe does not say what it leads to, or whose keys it starts from: its items would look as if nobody used them. */
async function examineItems(files: ConfigFiles, wiring: Wiring): Promise<Examined | undefined> {
  const used = usedAccounts(files, wiring);
  if (used === undefined) return undefined;
  const listed = await listedItems(wiring);
  if (listed === undefined) return undefined;
  const ends = new Map(wiring.state.list().map(({ id, expiresAt }) => [String(id), expiresAt]));
  const now = wiring.clock.now();
  const isOver = (account: string) => (ends.get(account.split('/')[1] ?? '') ?? Number.POSITIVE_INFINITY) < now;
  return examined('unused-items', checkUnusedItems({ listed, used, isOver, configPath: wiring.configPath }));
}

async function listedItems(wiring: Wiring) {
  try {
    return await withStore(wiring, listItems);
  } catch (error) {
    // A store whose passphrase only the agent has answers to nobody else.
    if (!isAppError(error)) throw error;
    return undefined;
  }
}

function usedAccounts(files: ConfigFiles, wiring: Wiring): ReadonlySet<string> | undefined {
  const used = new Set<string>();
  const kept = new Set(keptProfiles(files));
  for (const profile of knownProfiles(files)) {
    const recipe = recipeOrUndefined(profile, files, wiring);
    if (recipe === undefined && kept.has(profile)) return undefined;
    if (recipe === undefined) continue;
    used.add(keysAccount(recipe.keys.name));
    const principal = knownPrincipal(recipe.keys, wiring.state);
    if (principal === undefined && kept.has(profile)) return undefined;
    for (const { account } of principal === undefined ? [] : stepsOf(recipe, principal)) used.add(account);
  }
  return used;
}

function recipeOrUndefined(profile: ProfileName, files: ConfigFiles, { env }: Pick<Wiring, 'env'>): Recipe | undefined {
  try {
    return resolveRecipe(profile, files, env);
  } catch (error) {
    if (!isAppError(error)) throw error;
    return undefined; // a finding of its own
  }
}

async function examineBackground(version: string, wiring: Wiring): Promise<readonly Examined[]> {
  const [{ agent, service }, { socketPath, isOwnSocket }] = await Promise.all([
    backgroundStatus(version, wiring),
    wiring.openAgentWiring(),
  ]);
  const socket = { path: socketPath, directory: dirname(socketPath), isThere: existsSync(socketPath), isOwn: isOwnSocket() };
  const agentSays = agent.running ? `running, version ${agent.version ?? 'unknown'}` : 'not running; the first `get` starts it';
  const running = service.running === true ? 'running' : 'not running';
  const serviceSays = service.installed ? `${service.kind ?? ''} ${service.mode ?? ''}, ${running}`.trim() : 'not installed';
  return [
    examined('agent', [...checkTrouble('agent', agent), ...checkSocket(socket)], agentSays),
    examined('service', checkTrouble('service', service), serviceSays),
  ];
}

/** Lines that run at once: each may be a Node process. */
const lanes = 2;

interface LineSide {
  readonly inspector: Inspector;
  readonly wiring: Wiring;
}

/** What has been found out already is not found once more by each line: a broken recipe, a store that does not answer. */
async function examineLines(files: ConfigFiles, store: Examined, side: LineSide): Promise<Examined> {
  const lines = keptProfiles(files).flatMap((profile) => lineOf(profile, files, side.wiring));
  const hasStore = store.findings.length === 0;
  const findings = await fewAtOnce(lines, lanes, async ({ asked, ...line }) => {
    const written = checkLineText(line);
    if (written.length > 0) return written;
    if (recipeOrUndefined(asked, files, side.wiring) === undefined) return [];
    const runs = await runAsClients(line.line, side);
    return checkLineRuns(
      line,
      runs.filter(({ status }) => hasStore || status !== storeStatusCode),
    );
  });
  return examined('process-line', mergeLogins(findings.flat()), lines.length === 1 ? 'one line' : `${lines.length} lines`);
}

/** The exit status for a store that is locked or does not answer. */
const storeStatusCode = 5;

interface KeptLine extends ProcessLine {
  readonly asked: ProfileName;
}

function lineOf(profile: string, { config }: ConfigFiles, { program }: Wiring): readonly KeptLine[] {
  const setting = findSection(config, 'profile', profile)?.settings.get('credential_process');
  const asked = setting === undefined ? undefined : ownProfile(setting.value);
  if (setting === undefined || asked === undefined) return [];
  const right = rightLine(program, asked);
  return [{ profile, line: setting.value, place: { path: config.path, line: setting.line }, right, asked }];
}

function rightLine(program: string, profile: ProfileName): string {
  try {
    return processLine(program, profile);
  } catch (error) {
    if (!isAppError(error)) throw error;
    return `/ABSOLUTE/PATH/rolekeeper get ${profile}`;
  }
}

async function runAsClients(line: string, { inspector, wiring }: LineSide): Promise<readonly LineRun[]> {
  const manner = { env: bareEnvironment(wiring.env), deadlineMs: lineDeadlineMs, mostBytes: lineOutputLimit };
  const ways = process.platform === 'win32' ? (['shell'] as const) : (['shlex', 'shell'] as const);
  const runs: LineRun[] = [];
  for (const way of ways) runs.push(await inspector.run(line, { ...manner, way }));
  return runs;
}

/** As cron and IDEs start programs. Our own switches of this one call are not the line's. */
function bareEnvironment({ ROLEKEEPER_DEBUG: _debug, ROLEKEEPER_DEADLINE: _deadline, ...env }: Wiring['env']): Wiring['env'] {
  return process.platform === 'win32' ? env : { ...env, PATH: '/usr/bin:/bin' };
}

/** Asks AWS whose the keys are, once for each set of keys. */
async function examineSts(files: ConfigFiles | AppError, wiring: Wiring): Promise<Examined> {
  if (!('config' in files)) return skipped('sts', 'the config cannot be read');
  const recipes = keptProfiles(files).flatMap((profile) => recipeOrUndefined(profile, files, wiring) ?? []);
  const byKeys = [...new Map(recipes.map((recipe) => [recipe.keys.name, recipe])).values()];
  const findings: Finding[] = [];
  try {
    await withStore(wiring, async (store) => {
      const ports = await wiring.openRefresh(store);
      for (const recipe of byKeys) findings.push(...(await askSts(recipe, ports)));
    });
  } catch (error) {
    if (!isAppError(error)) throw error;
    return skipped('sts', error.message);
  }
  return examined('sts', findings, byKeys.length === 1 ? 'asked for one set of keys' : `asked for ${byKeys.length} sets of keys`);
}

async function askSts(recipe: Recipe, ports: Awaited<ReturnType<Wiring['openRefresh']>>): Promise<readonly Finding[]> {
  const { keys, network } = recipe;
  const call = { endpoint: keys.endpoint, network };
  try {
    const { caller } = await loadPrincipal(recipe, ports, call);
    await ports.sts.getCallerIdentity({ ...call, caller });
    return [];
  } catch (error) {
    if (!isAppError(error)) throw error;
    const why = 'without STS nothing can be refreshed: what is cached ends, and then nothing works';
    const mend = /`([^`]+)`/.exec(error.hint ?? '')?.[1] ?? error.hint ?? `rolekeeper explain ${recipe.profile}`;
    return [{ check: 'sts', profile: recipe.profile, what: `keys "${keys.name}": ${error.message}`, why, mend }];
  }
}
