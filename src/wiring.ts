// Builds the real adapters and hands them out. Everything that a cached `get` does not need is loaded when it is asked for.

import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { unaskedVariable } from './config/answer-variables.ts';
import { isAudited } from './config/audit-setting.ts';
import { findSection, parseConfigFile, parseCredentialsFile } from './config/aws-config.ts';
import type { Account } from './config/names.ts';
import type { ConfigFiles } from './config/profile-settings.ts';
import type { MfaCode } from './credentials/mfa-code.ts';
import type { Secret } from './credentials/secret.ts';
import type { AuditedAnswer, AuditLog } from './ports/audit.ts';
import type { Certificates } from './ports/certificates.ts';
import type { Environment } from './ports/environment.ts';
import type { Iam, RotationRecords } from './ports/iam.ts';
import type { Inspector } from './ports/inspector.ts';
import type { Lock } from './ports/lock.ts';
import type { Log } from './ports/log.ts';
import type { Browser, CallbackPage, Prompter, Terminal } from './ports/person.ts';
import type { Programs } from './ports/programs.ts';
import type { RolesAnywhere } from './ports/roles-anywhere.ts';
import type { ServiceFiles, ServiceManager, ServiceRecords } from './ports/service.ts';
import type { State } from './ports/state.ts';
import type { Store, StoreManners } from './ports/store.ts';
import type { Sts } from './ports/sts.ts';
import type { NewPlaces, TextFiles, UndoNotes } from './ports/text-files.ts';
import type { Clock } from './ports/time.ts';
import type { ObtainPorts } from './refresh/obtain.ts';
import type { ServicePlace } from './service/service-plan.ts';
import type { AskPassphrase, PassphrasePurpose } from './stores/age-passphrase.ts';
import { chooseStore } from './stores/choose-store.ts';
import type { CertificatePlace } from './system/certificate-files.ts';
import { createClock } from './system/clock.ts';
import { createDebugLog, createSilentLog, isDebugging } from './system/log.ts';
import { readMachineName } from './system/machine.ts';
import type { MfaRun } from './system/mfa-process.ts';
import { readOwnCache } from './system/own-cache.ts';
import { ownProgram } from './system/own-program.ts';
import { heldUpMs, outwait } from './system/own-time.ts';
import {
  awsConfigFile,
  awsCredentialsFile,
  awsLoginCache,
  type Caller,
  homeDirectory,
  runtimeDirectory,
  stateDirectory,
  wholePath,
} from './system/paths.ts';
import { createState } from './system/state-file.ts';
import { createTextFiles } from './system/text-files.ts';
import type { AgentWiring } from './wiring-agent.ts';

export interface Wiring {
  readonly env: Environment;
  readonly clock: Clock;
  readonly state: State;
  readonly log: Log;
  readonly textFiles: TextFiles;
  readonly openUndoNotes: () => Promise<UndoNotes>;
  /** This program as a caller can run it again: an absolute path. */
  readonly program: string;
  /** The script of this program, for the same node. */
  readonly script: string;
  readonly configPath: string;
  readonly credentialsPath: string;
  readonly stateDirectory: string;
  /** Both files, parsed. Read anew at each call. Throws `config-unreadable`, `config-malformed`. */
  readonly readConfig: () => ConfigFiles;
  /** `withoutTerminal` gives the passphrase of the age store where there is nobody to ask; without it that is `no-terminal`. */
  readonly openStore: (manners: StoreManners, withoutTerminal?: () => Promise<Secret>) => Promise<Store>;
  readonly certificates: Certificates;
  readonly openLock: () => Promise<Lock>;
  readonly openRefresh: (store: Store) => Promise<ObtainPorts>;
  /** Loads the SDK's client of IAM. */
  readonly openIam: () => Promise<Iam>;
  readonly openRotationRecords: () => Promise<RotationRecords>;
  readonly openTerminal: (asker: Asker) => Promise<Terminal>;
  /** For a person who signs in to IAM Identity Center. */
  readonly openSignInPages: () => Promise<SignInPages>;
  readonly runMfaProcess: (run: MfaRun) => Promise<MfaCode>;
  /** For `get`, where it may ask. */
  readonly openPrompter: () => Promise<Prompter>;
  /** `interactive` of `[rolekeeper]`, as it is written. */
  readonly interactiveSetting: () => string | undefined;
  /** Ends after so much time that this process really had. */
  readonly outwait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** How long this process was kept from its work, its own start included. */
  readonly heldUpMs: () => number;
  /** Writes an answer of this process into the audit trail, if the person wants one. Never throws. */
  readonly noteAnswer: (answer: AuditedAnswer) => Promise<void>;
  readonly openAuditLog: () => Promise<AuditLog>;
  /** Starts a refresh that outlives this process, unless the person switched that off. */
  readonly refreshLater: (profile: string) => Promise<void>;
  /** The same outside the sandbox of a service, for what nobody asked for, whatever the person said: this process does it in the person's stead. */
  readonly refreshElsewhere: (profile: string) => Promise<void>;
  /** For a process that may live longer than whoever started it: lets go of what the other left open in it. */
  readonly closeInheritedFiles: () => Promise<void>;
  /** Starts the agent for the next caller. False, and nothing is done, where the person switched that off. */
  readonly startAgentLater: () => Promise<boolean>;
  /** Starts the agent likewise, or with a timer instead of one a refresh of these profiles, whose session has just begun. */
  readonly startAfterLogin: (profiles: readonly string[]) => Promise<void>;
  readonly openAgentWiring: () => Promise<AgentWiring>;
  /** As the person set them, unchecked. */
  readonly agentSettings: () => AgentSettingTexts;
  readonly openService: () => Promise<ServiceSide>;
  readonly openInspector: () => Promise<Inspector>;
  /** `directories`: of the files that it may make, besides ours. */
  readonly openSetup: (directories: readonly string[]) => Promise<SetupSide>;
}

/** What only `setup` needs of the outside. */
export interface SetupSide {
  readonly newPlaces: NewPlaces;
  /** A new identity for the age store, in a file of its own. */
  readonly makeAgeKeyFile: (path: string, textFiles: TextFiles) => Promise<void>;
}

/** What a person sees while signing in. */
export interface SignInPages {
  readonly browser: Browser;
  readonly callbackPage: CallbackPage;
  /** A text as lines that a camera can read. */
  readonly qrLines: (text: string) => readonly string[];
}

/** What only a rotation of access keys needs of the outside. */
export interface AgentSettingTexts {
  readonly idleMinutes: string | undefined;
  readonly unusedDays: string | undefined;
  /** Of notifications: `off`, `day` (the default) or `always`. */
  readonly notify: string | undefined;
}

/** What install and uninstall need of the outside. */
export interface ServiceSide {
  readonly place: Omit<ServicePlace, 'surroundings'>;
  readonly manager: ServiceManager;
  readonly files: ServiceFiles;
  readonly records: ServiceRecords;
  /** Throws `foreign-owner` when HOME or the state directory is another user's. */
  readonly refuseForeign: () => void;
  /** Returns what is left in the state directory because it is not ours, or holds long-term keys. */
  readonly removeState: () => readonly string[];
}

/** For the error where there is no terminal: which command wanted to ask, and what to type instead. */
export interface Asker {
  readonly command: string;
  readonly instead: string;
  /** Ends a question like Ctrl-C. */
  readonly signal?: AbortSignal;
}

export function openWiring(env: Environment): Wiring {
  const platform = process.platform;
  const uid = process.getuid?.();
  const home = homeDirectory({ env, platform }, () => userInfo().homedir);
  const caller = { env, platform, uid, home };
  const log = isDebugging(env) ? createDebugLog() : createSilentLog();
  const base = stateDirectory(caller);
  const place = { base, machine: readMachineName(), owner: { uid, home }, log };
  const clock = createClock(place);
  const state = createState(place);
  const textFiles = createTextFiles();
  // Whole paths: they are written into notes, and tell one project's `./program` from another's.
  const [configPath, credentialsPath] = [wholePath(awsConfigFile(caller)), wholePath(awsCredentialsFile(caller))];
  let lastRead: ConfigFiles | undefined;
  const readConfig = () => {
    lastRead = {
      config: parseConfigFile(textFiles.read(configPath) ?? '', configPath),
      credentials: parseCredentialsFile(textFiles.read(credentialsPath) ?? '', credentialsPath),
    };
    return lastRead;
  };
  // The settings of this process do not change while it runs, so what a command has read already will do.
  const settings = () => findSection((lastRead ?? readConfig()).config, 'rolekeeper-settings', '')?.settings;
  const setting = (key: string) => settings()?.get(key)?.value;
  const script = resolve(process.argv[1] ?? 'rolekeeper');
  const program = ownProgram({ argv0: process.argv0, execPath: process.execPath, script });
  const startsOthers = () => !isOff(env['ROLEKEEPER_AUTOSTART'] ?? setting('autostart'));
  const openPrograms = async () => (await import('./system/user-program.ts')).createPrograms(env);
  const certificates = lazyCertificates({ home, uid });
  const readLoginCache = (fileName: string) => readOwnCache(join(awsLoginCache(caller), fileName), uid);
  const openLock = async () => (await import('./system/lock.ts')).createLock({ ...place, env });
  const wiring: Wiring = {
    env,
    clock,
    state,
    log,
    textFiles,
    openUndoNotes: async () => (await import('./system/undo-file.ts')).createUndoNotes({ ...place, configPath }),
    program,
    script,
    configPath,
    credentialsPath,
    stateDirectory: base,
    readConfig,
    openStore: async (manners, withoutTerminal) => {
      const ours = settings();
      const chosen = { store: ours?.get('store')?.value, ageKeyFile: ours?.get('age_key_file')?.value };
      const askPassphrase: AskPassphrase = (purpose) => askAgePassphrase(purpose, withoutTerminal);
      const asking = manners.prompts === 'allowed' ? { askPassphrase } : {};
      const store = await chooseStore({ env, settings: chosen, platform, stateDirectory: base, manners, ...asking });
      if (store.kind !== 'keychain' || manners.prompts === 'never') return store;
      const { tellingOfWaits } = await import('./stores/telling-store.ts');
      return tellingOfWaits(store, manners, (line) => process.stderr.write(`${line}\n`));
    },
    certificates,
    openLock,
    openRefresh: async (store) => {
      const [{ rememberItem }, lock] = await Promise.all([import('./stores/item-index.ts'), openLock()]);
      const remember = (account: Account) => rememberItem({ store, lock }, account);
      const programs: Programs = { output: async (run) => (await openPrograms()).output(run) };
      const ports = { clock, store, state, lock, log, random: Math.random, remember, sts: lazySts(clock) };
      return {
        ...ports,
        programs,
        readLoginCache,
        ...nearby,
        certificates,
        rolesAnywhere: lazyRolesAnywhere(clock),
        openIdentityCenter: async () => (await import('./wiring-identity-center.ts')).openIdentityCenter(ports, { home, uid }),
      };
    },
    openIam: async () => (await import('./system/iam.ts')).createIam({ clock }),
    openRotationRecords: async () => (await import('./system/rotation-file.ts')).createRotationRecords(place),
    closeInheritedFiles: async () => (await import('./system/inherited-files.ts')).closeInheritedFiles([]),
    openTerminal: async (asker) => (await import('./system/terminal.ts')).openTerminal(asker),
    openSignInPages: async () => {
      const [{ createBrowser }, { createCallbackPage }, { qrLines }] = await Promise.all([
        import('./system/browser.ts'),
        import('./system/callback-page.ts'),
        import('./system/qr-code.ts'),
      ]);
      return { browser: createBrowser(env, platform), callbackPage: createCallbackPage(), qrLines };
    },
    runMfaProcess: async (run) => (await import('./system/mfa-process.ts')).runMfaProcess(run, await openPrograms()),
    openPrompter: async () =>
      (await import('./system/prompter.ts')).createPrompter({
        env,
        platform,
        chosen: env['ROLEKEEPER_PROMPT'] || setting('prompt'),
      }),
    interactiveSetting: () => setting('interactive'),
    outwait,
    heldUpMs,
    noteAnswer: async (answer) => {
      if (!isAudited(env['ROLEKEEPER_AUDIT'], () => setting('audit'))) return;
      const [{ createAuditTrail }, { describeCaller }] = await Promise.all([
        import('./system/audit-trail.ts'),
        import('./system/caller-process.ts'),
      ]);
      const caller = describeCaller(process.ppid, false);
      createAuditTrail(place).record({ ...answer, at: clock.now(), answeredBy: 'process', caller });
    },
    openAuditLog: async () => (await import('./system/audit-trail.ts')).createAuditLog(place),
    refreshLater: async (profile) => {
      if (!startsOthers()) return;
      (await import('./system/background.ts')).startRefresh([profile], { ...place, script, env, configPath, credentialsPath });
    },
    refreshElsewhere: async (profile) => {
      const background = { ...place, script, env: { ...env, [unaskedVariable]: '1' }, configPath, credentialsPath };
      (await import('./system/background.ts')).startRefreshElsewhere(profile, background);
    },
    startAfterLogin: async (profiles) => {
      if (!startsOthers()) return;
      (await import('./system/background.ts')).startAfterLogin(profiles, { ...place, script, env, configPath, credentialsPath });
    },
    startAgentLater: async () => {
      if (!startsOthers()) return false;
      (await import('./system/background.ts')).startAgent({ ...place, script, env });
      return true;
    },
    agentSettings: () => ({
      idleMinutes: env['ROLEKEEPER_IDLE_MINUTES'] ?? setting('idle_minutes'),
      unusedDays: env['ROLEKEEPER_UNUSED_DAYS'] ?? setting('unused_days'),
      notify: env['ROLEKEEPER_NOTIFY'] ?? setting('notify'),
    }),
    openAgentWiring: async () => (await import('./wiring-agent.ts')).openAgentWiring(wiring),
    openInspector: async () => (await import('./system/inspector.ts')).createInspector(uid),
    openSetup: async (directories) => openSetup(caller, { base, machine: place.machine, directories }),
    openService: () => openService({ caller, script, base, machine: place.machine }),
  };
  return wiring;
}

interface ServiceStart {
  readonly caller: Caller;
  readonly script: string;
  readonly base: string;
  readonly machine: string;
}

async function openService({ caller, script, base, machine }: ServiceStart): Promise<ServiceSide> {
  const [socket, directory, manager, files, records, node, removal] = await Promise.all([
    import('./system/agent-socket.ts'),
    import('./system/directory.ts'),
    import('./system/service-manager.ts'),
    import('./system/service-files.ts'),
    import('./system/service-record.ts'),
    import('./system/node-path.ts'),
    import('./system/state-removal.ts'),
  ]);
  const { env, uid, home } = caller;
  const owner = { uid, home };
  const runtime = runtimeDirectory(caller, (path) => directory.isOwnDirectory(path, uid));
  const socketPath = socket.agentSocketPath(caller.platform, { runtime, state: base });
  return {
    place: { ...caller, program: [node.lastingNodePath(env), script], stateDirectory: base, socketPath },
    manager: manager.createServiceManager(caller),
    files: files.createServiceFiles(uid),
    records: records.createServiceRecords({ base, owner }),
    refuseForeign: () => directory.refuseForeignPlaces({ base, owner }),
    removeState: () => removal.removeState({ base, machine, home }),
  };
}

async function openSetup(
  caller: Caller,
  { base, machine, directories }: { readonly base: string; readonly machine: string; readonly directories: readonly string[] },
): Promise<SetupSide> {
  const [places, { isOwnDirectory }, { newKeyFile }] = await Promise.all([
    import('./system/new-places.ts'),
    import('./system/directory.ts'),
    import('./stores/age-cipher.ts'),
  ]);
  const runtime = runtimeDirectory(caller, (path) => isOwnDirectory(path, caller.uid));
  const age = caller.env['ROLEKEEPER_AGE_DIR'] || join(base, 'age');
  return {
    newPlaces: places.markPlaces({ own: [base, join(base, machine), age, runtime], shared: directories }),
    makeAgeKeyFile: async (path, textFiles) => textFiles.replace(path, undefined, await newKeyFile()),
  };
}

async function askAgePassphrase(
  purpose: PassphrasePurpose,
  withoutTerminal: (() => Promise<Secret>) | undefined,
): Promise<Secret | undefined> {
  const [{ openTerminal }, { askPassphrase }] = await Promise.all([
    import('./system/terminal.ts'),
    import('./system/ask-passphrase.ts'),
  ]);
  // A key file opens no store that was made with a passphrase.
  const orKeyFile = purpose === 'choose' ? ', or first give the age store a key file: ROLEKEEPER_AGE_KEY_FILE' : '';
  const instead = `run it in a terminal${orKeyFile}`;
  const terminal = openTerminal({ command: 'the age store', instead });
  if (!terminal.isInteractive && purpose === 'again') return undefined;
  if (withoutTerminal !== undefined && !terminal.isInteractive && purpose === 'open') return await withoutTerminal();
  return await askPassphrase(terminal, purpose);
}

// Of many callers that wait for one answer, only the one that asks AWS pays for loading the SDK.
function lazySts(clock: Clock): Sts {
  let opened: Promise<Sts> | undefined;
  const open = () => {
    opened ??= import('./system/sts.ts').then(({ createSts }) => createSts({ clock }));
    return opened;
  };
  return {
    getCallerIdentity: async (call) => (await open()).getCallerIdentity(call),
    getSessionToken: async (request, call) => (await open()).getSessionToken(request, call),
    assumeRole: async (request, call) => (await open()).assumeRole(request, call),
    assumeRoleWithWebIdentity: async (request, call) => (await open()).assumeRoleWithWebIdentity(request, call),
    assumeRoleWithSaml: async (request, call) => (await open()).assumeRoleWithSaml(request, call),
  };
}

/** What a machine's own credentials and tokens need. */
const nearby: Pick<ObtainPorts, 'readSmallFile' | 'askLink'> = {
  readSmallFile: async (path) => (await import('./system/small-file.ts')).readSmallFile(path),
  askLink: async (request) => (await import('./system/link.ts')).askLink(request),
};

function lazyCertificates(place: CertificatePlace): Certificates {
  const opened = async () => (await import('./system/certificate-files.ts')).createCertificates(place);
  return {
    read: async (paths, owner) => (await opened()).read(paths, owner),
    open: async (paths, owner) => (await opened()).open(paths, owner),
  };
}

function lazyRolesAnywhere(clock: Clock): RolesAnywhere {
  const opened = async () => (await import('./system/roles-anywhere.ts')).createRolesAnywhere({ clock });
  return { createSession: async (request, call) => (await opened()).createSession(request, call) };
}

function isOff(value: string | undefined): boolean {
  return value !== undefined && ['0', 'no', 'off', 'false'].includes(value.toLowerCase());
}
