// Looks at everything that `doctor` checks, and hands it to the checks. Changes nothing itself; the lines that it runs are what every client
// runs.

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import type { ProfileName } from '../config/names.ts';
import { type ConfigFiles, keptProfiles } from '../config/profile-settings.ts';
import { type Hop, type Recipe, signInOf } from '../config/recipe.ts';
import { describeSignIn } from '../config/sign-in.ts';
import { checkEnvironmentKeys, checkFileKeys } from '../doctor/access-keys.ts';
import { checkSocket, checkTrouble } from '../doctor/background.ts';
import { checkClock } from '../doctor/clock.ts';
import { checkConfigText } from '../doctor/config-files.ts';
import { checkFileMode } from '../doctor/file-modes.ts';
import { type CheckName, editCommand, type Finding } from '../doctor/finding.ts';
import { checkMixedProfile } from '../doctor/mixed-profiles.ts';
import { checkRecipe } from '../doctor/recipes.ts';
import { checkRotation } from '../doctor/rotations.ts';
import { type CacheKind, cacheKinds, checkSdkCache } from '../doctor/sdk-caches.ts';
import { checkSignIns, type SignInLook } from '../doctor/sign-ins.ts';
import { checkState, type PlaceLook } from '../doctor/state.ts';
import { type AppError, isAppError } from '../errors.ts';
import type { Inspector } from '../ports/inspector.ts';
import { signInRecord } from '../refresh/sign-in-record.ts';
import { shellWord } from '../shell-word.ts';
import type { Wiring } from '../wiring.ts';
import { backgroundStatus } from './background-status.ts';
import { examineCertificates } from './doctor-certificates.ts';
import { examineItems } from './doctor-items.ts';
import { examineLines } from './doctor-lines.ts';
import { type Examined, examined, recipeOrUndefined, skipped, withStore } from './doctor-look.ts';
import { examineSts } from './doctor-sts.ts';
import { storeStatus } from './store-status.ts';

export interface ExamineOptions {
  readonly isOnline: boolean;
  /** This program's. */
  readonly version: string;
}

/** Every check, in the order of `checkNames`. `sts` only where it was asked for. */
export async function examine({ isOnline, version }: ExamineOptions, wiring: Wiring): Promise<readonly Examined[]> {
  const inspector = await wiring.openInspector();
  // The clients have no other place for their caches, wherever the config is.
  const { home } = (await wiring.openService()).place;
  const awsDirectory = join(home, '.aws');
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
  const certificates =
    'config' in files
      ? await examineCertificates(files, { inspector, home, wiring })
      : skipped('certificates', 'the config cannot be read');
  const sts = isOnline ? ['config' in files ? await examineSts(files, wiring) : skipped('sts', 'the config cannot be read')] : [];
  return [
    examined('config-files', 'config' in files ? checkTexts(wiring) : [unreadable(files)]),
    examined('file-modes', checkModes(inspector, wiring, awsDirectory)),
    withFiles(
      'recipes',
      each((profile, read) => checkRecipe(profile, read, wiring.env)),
    ),
    certificates,
    withFiles('mixed-profiles', each(checkMixedProfile)),
    withFiles('winning-keys', () => [...checkEnvironmentKeys(wiring.env), ...ofKeys('winning-keys')]),
    withFiles('plaintext', () => ofKeys('plaintext')),
    examined('sdk-caches', checkCaches(inspector, awsDirectory, 'config' in files ? cacheUsers(files, wiring) : {})),
    examined('clock', checkClock(wiring.clock.toLocal(wiring.clock.now()) - wiring.clock.now(), process.platform)),
    examined('state', checkState(await unwritable(store, inspector, wiring))),
    store,
    withFiles('sign-ins', (read) => checkSignIns(signInLooks(read, wiring), wiring.clock.now())),
    items ?? skipped('unused-items', 'the store or a recipe does not say what is used'),
    'config' in files ? await examineRotations(files, wiring) : skipped('rotations', 'the config cannot be read'),
    ...(await examineBackground(version, wiring)),
    'config' in files
      ? await examineLines(files, { store, certificates }, { inspector, wiring })
      : skipped('process-line', 'the config cannot be read'),
    ...sts,
  ];
}

/** The state of this machine, and the store where that is files. Of a store that has a fault of its own, that is told. */
async function unwritable(store: Examined, inspector: Inspector, wiring: Wiring): Promise<readonly PlaceLook[]> {
  const { stateDirectory, state } = wiring;
  const isSound = !store.isSkipped && store.findings.length === 0;
  const directory = isSound ? await withStore(wiring, async (sound) => sound.directory) : undefined;
  const isMade = directory !== undefined && inspector.look(directory) !== undefined;
  const places = [join(stateDirectory, state.machineName()), ...(isMade ? [directory] : [])];
  return places.flatMap((place) => inspector.whyUnwritable(place) ?? []);
}

function signInLooks(files: ConfigFiles, wiring: Wiring): readonly SignInLook[] {
  return keptProfiles(files).flatMap((profile): readonly SignInLook[] => {
    const recipe = recipeOrUndefined(profile, files, wiring);
    const target = recipe === undefined ? undefined : signInOf(recipe);
    const expiresAt = recipe === undefined ? undefined : signInRecord(recipe, wiring.state)?.expiresAt;
    return target === undefined || expiresAt === undefined ? [] : [{ profile, where: describeSignIn(target), expiresAt }];
  });
}

function filesOrProblem(wiring: Wiring): ConfigFiles | AppError {
  try {
    return wiring.readConfig();
  } catch (error) {
    if (!isAppError(error)) throw error;
    return error;
  }
}

function unreadable(error: AppError): Finding {
  const finding = { check: 'config-files', what: error.message, why: 'no AWS program can use a profile of it' } as const;
  if (isAppError(error, 'config-malformed')) return { ...finding, mend: editCommand(error.details) };
  return {
    ...finding,
    mend: isAppError(error, 'config-unreadable') ? `ls -l ${shellWord(error.details.path)}` : 'rolekeeper status',
  };
}

function checkTexts({ textFiles, configPath, credentialsPath }: Wiring): readonly Finding[] {
  return [configPath, credentialsPath].flatMap((path) => checkConfigText(path, textFiles.read(path)));
}

function checkModes({ look }: Inspector, { configPath, credentialsPath }: Wiring, awsDirectory: string): readonly Finding[] {
  return [awsDirectory, configPath, credentialsPath].flatMap((path) => {
    const found = look(path);
    return found === undefined ? [] : checkFileMode(found);
  });
}

function checkCaches({ list }: Inspector, awsDirectory: string, users: CacheUsers): readonly Finding[] {
  return cacheKinds.flatMap((kind) => {
    const path = join(awsDirectory, kind, 'cache');
    const user = users[kind];
    return checkSdkCache({ kind, path, files: list(path), ...(user === undefined ? {} : { user }) });
  });
}

type CacheUsers = { readonly [K in CacheKind]?: ProfileName };

/** The first profile on rolekeeper that has nothing else to start from. */
function cacheUsers(files: ConfigFiles, wiring: Wiring): CacheUsers {
  const recipes = keptProfiles(files).flatMap((profile) => recipeOrUndefined(profile, files, wiring) ?? []);
  const startsFrom = (kind: Hop['kind']) => recipes.filter(({ hops: [first] }) => first?.kind === kind);
  // The record of a sign-in that is the AWS CLI's looks like ours, but that it does not refresh itself.
  const isSignedIn = (recipe: Recipe) => {
    const { refreshesItself, expiresAt = 0 } = signInRecord(recipe, wiring.state) ?? {};
    return refreshesItself === true && expiresAt > wiring.clock.now();
  };
  const login = startsFrom('console')[0]?.profile;
  const sso = startsFrom('identity-center').find((recipe) => !isSignedIn(recipe))?.profile;
  return { ...(login === undefined ? {} : { login }), ...(sso === undefined ? {} : { sso }) };
}

async function examineStore(wiring: Wiring): Promise<Examined> {
  const { description, ...trouble } = await storeStatus(wiring);
  return examined('store', checkTrouble('store', trouble), description);
}

async function examineRotations(files: ConfigFiles, wiring: Wiring): Promise<Examined> {
  const { read } = await wiring.openRotationRecords();
  const recipes = keptProfiles(files).flatMap((profile) => recipeOrUndefined(profile, files, wiring) ?? []);
  const byKeys = new Map(recipes.toReversed().flatMap(({ profile, keys }) => (keys === undefined ? [] : [[keys.name, profile]])));
  try {
    const now = wiring.clock.now();
    const looks = [...byKeys].map(([keys, profile]) => ({ profile, keys, record: read(keys) }));
    return examined(
      'rotations',
      looks.flatMap((look) => checkRotation(look, now)),
    );
  } catch (error) {
    if (!isAppError(error)) throw error;
    return skipped('rotations', error.message);
  }
}

/** One that is busy is no fault. */
const agentWaitMs = 3_000;

async function examineBackground(version: string, wiring: Wiring): Promise<readonly Examined[]> {
  const [{ agent, service }, { socketPath, isOwnSocket }] = await Promise.all([
    backgroundStatus({ version, agentWaitMs }, wiring),
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
