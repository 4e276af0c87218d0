// Builds what the agent needs of the outside. Loaded only by the agent's own commands, and by those that tell it something.

import { randomBytes } from 'node:crypto';
import { statSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import process from 'node:process';
import { setFlagsFromString } from 'node:v8';
import type { Caller, CallerPlace } from './agent/callers.ts';
import { sentVariables } from './agent/wire.ts';
import { isAudited } from './config/audit-setting.ts';
import { findSection } from './config/aws-config.ts';
import type { ConfigFiles } from './config/profile-settings.ts';
import type { AuditEntry, AuditTrail } from './ports/audit.ts';
import type { Environment } from './ports/environment.ts';
import type { Notifier } from './ports/person.ts';
import type { Store } from './ports/store.ts';
import type { Bell, ClockReading } from './ports/time.ts';
import { chooseStore } from './stores/choose-store.ts';
import { type AgentRecord, readAgentRecord, writeAgentRecord } from './system/agent-record.ts';
import { agentSocketPath, closeToOthers, isOwnSocket, prepareSocketPath, socketIdentity } from './system/agent-socket.ts';
import { createAuditTrail } from './system/audit-trail.ts';
import { agentCommand, type Command, startRefreshElsewhere } from './system/background.ts';
import { createBell } from './system/bell.ts';
import { describeCaller } from './system/caller-process.ts';
import { isOwnDirectory } from './system/directory.ts';
import { closeInheritedFiles } from './system/inherited-files.ts';
import { readMachineName } from './system/machine.ts';
import { createNotifier } from './system/notifier.ts';
import { createParsedFiles } from './system/parsed-files.ts';
import { awsConfigFile, awsCredentialsFile, homeDirectory, runtimeDirectory, stateDirectory } from './system/paths.ts';
import { leavePipeToken, readPipeToken } from './system/pipe-token.ts';
import { createUptime } from './system/uptime.ts';
import type { Wiring } from './wiring.ts';

export interface AgentWiring {
  readonly socketPath: string;
  /** False where there is none, and where another user may have made it. */
  readonly isOwnSocket: (path?: string) => boolean;
  readonly bell: Bell;
  readonly notifier: Notifier;
  readonly readClocks: () => ClockReading;
  readonly placeOf: (env: Environment, cwd: string) => CallerPlace;
  readonly readFiles: (place: CallerPlace) => ConfigFiles;
  /** For background work: short deadlines, no prompts. */
  readonly openStoreOf: (
    caller: { readonly env: Environment; readonly place: CallerPlace },
    files: ConfigFiles,
  ) => Promise<Store>;
  /** Undefined where this caller's settings want none. Never throws. */
  readonly auditTrailOf: (caller: Caller) => AuditTrail | undefined;
  /** Who answers, and who the caller is that the front names. */
  readonly seenBy: (pid: number | undefined) => Pick<AuditEntry, 'answeredBy' | 'caller'>;
  /** `refresh PROFILE` as a process that is no part of this service, with the caller's files and settings. Never throws. */
  readonly startRefreshOf: (caller: { readonly env: Environment; readonly place: CallerPlace }, profile: string) => void;
  readonly programStamp: () => string;
  /** Throws `agent-running`, `state-unwritable`, `foreign-owner`. */
  readonly prepareSocket: () => Promise<void>;
  readonly closeToOthers: () => void;
  /** Where every user may connect (Windows): what a caller must send along; it is made by the agent, and read by callers. */
  readonly makeToken: () => string | undefined;
  readonly readToken: () => string | undefined;
  /** Loads what a refresh needs: in the middle of a crowd of callers that would keep all of them from being acknowledged in time. */
  readonly preload: () => Promise<void>;
  /** For a process that lives long with secrets in its memory. */
  readonly hardenProcess: (keptFiles: readonly number[]) => void;
  /** For a process that lives long and has little to do. */
  readonly keepHeapSmall: () => void;
  /** Starts an agent that leaves when it is idle. */
  readonly agentCommand: Command;
  /** What tells our socket from a successor's. */
  readonly socketIdentity: () => string | undefined;
  /** Of the agent that holds the lock, or of the last one. */
  readonly readRecord: () => AgentRecord | undefined;
  readonly writeRecord: (pid: number) => void;
}

const storeDeadlineMs = 1_500;

export function openAgentWiring({ env, log, textFiles, stateDirectory: state, script }: Wiring): AgentWiring {
  const own = callerOf(env);
  const hasPipes = process.platform === 'win32';
  const recordPlace = { base: state, machine: readMachineName(), owner: { uid: own.uid, home: own.home } };
  const socketPath = agentSocketPath(process.platform, { runtime: runtimeDirectory(own, ownDirectory), state });
  const files = createParsedFiles(textFiles);
  const uptimeMs = createUptime();
  const trail = createAuditTrail({ ...recordPlace, log });
  return {
    socketPath,
    isOwnSocket: (path = socketPath) => isOwnSocket(path, own.uid),
    bell: createBell(log),
    notifier: createNotifier({ base: state, machine: readMachineName(), owner: { uid: own.uid, home: own.home }, log, env }),
    readClocks: () => ({ wallMs: Date.now(), uptimeMs: uptimeMs(), monotonicMs: performance.now() }),
    placeOf: (sent, cwd) => placeOf(sent, cwd),
    readFiles: (place) => files.read(place),
    openStoreOf: async (caller, parsed) => {
      const settings = settingsIn(parsed);
      return await chooseStore({
        env: caller.env,
        settings: { store: settings?.get('store')?.value, ageKeyFile: settings?.get('age_key_file')?.value },
        platform: process.platform,
        stateDirectory: caller.place.stateDirectory,
        manners: { deadlineMs: storeDeadlineMs, prompts: 'never' },
      });
    },
    auditTrailOf: ({ env: sent, readFiles }) =>
      isAudited(sent['ROLEKEEPER_AUDIT'], () => settingsIn(readFiles())?.get('audit')?.value) ? trail : undefined,
    seenBy: (pid) => ({ answeredBy: 'agent', caller: describeCaller(pid, true) }),
    startRefreshOf: (caller, profile) =>
      startRefreshElsewhere(profile, { ...recordPlace, script, log, env: asCaller(env, caller.env), ...caller.place }),
    programStamp: () => stampOf(script),
    prepareSocket: () => prepareSocketPath(socketPath, { uid: own.uid, home: own.home }),
    closeToOthers: () => closeToOthers(socketPath),
    makeToken: () => {
      if (!hasPipes) return undefined;
      const token = randomBytes(32).toString('hex');
      leavePipeToken(token, state, { uid: own.uid, home: own.home });
      return token;
    },
    readToken: () => (hasPipes ? readPipeToken(state) : undefined),
    preload: async () => void (await import('./system/sts.ts')),
    hardenProcess,
    keepHeapSmall,
    agentCommand: agentCommand({ script, env }),
    socketIdentity: () => socketIdentity(socketPath),
    readRecord: () => readAgentRecord(recordPlace),
    writeRecord: (pid) => writeAgentRecord({ pid, socketPath }, recordPlace),
  };
}

/**
 * No core file shall hold what this process knows: a dump without any memory is all that Node can ask for (core(5)). SIGUSR1 would open
 * the inspector to every program of this user.
 */
function hardenProcess(kept: readonly number[]): void {
  closeInheritedFiles(kept);
  process.umask(0o077);
  process.on('SIGUSR1', () => undefined);
  try {
    writeFileSync('/proc/self/coredump_filter', '0');
  } catch {
    // No Linux, or /proc is not writable: RLIMIT_CORE, which whoever starts an agent sets to 0, has to do.
  }
}

/**
 * What a refresh leaves behind is collected early instead of late: 1,000 roles in memory take 45 MB less, an answer some 2 % longer.
 * Set here and not on the command line, where a Node without one of these would not start at all; unknown here, they change nothing.
 */
function keepHeapSmall(): void {
  for (const flag of ['--optimize-for-size', '--semi-space-growth-factor=1']) setFlagsFromString(flag);
}

function settingsIn({ config }: ConfigFiles) {
  return findSection(config, 'rolekeeper-settings', '')?.settings;
}

function placeOf(env: Environment, cwd: string): CallerPlace {
  const caller = callerOf(env);
  return {
    home: resolve(caller.home),
    stateDirectory: resolve(stateDirectory(caller)),
    configPath: resolve(cwd, awsConfigFile(caller)),
    credentialsPath: resolve(cwd, awsCredentialsFile(caller)),
  };
}

/** What the caller has set or left alone counts, over a PATH and a home that only this process knows. */
function asCaller(own: Environment, sent: Environment): Environment {
  const isSent = (name: string) => sentVariables.includes(name) || name.startsWith('ROLEKEEPER_');
  return { ...Object.fromEntries(Object.entries(own).filter(([name]) => !isSent(name))), HOME: own['HOME'], ...sent };
}

function callerOf(env: Environment) {
  const { platform } = process;
  const home = homeDirectory({ env, platform }, () => userInfo().homedir);
  return { env, platform, uid: process.getuid?.(), home };
}

function ownDirectory(path: string): boolean {
  return isOwnDirectory(path, process.getuid?.());
}

function stampOf(path: string): string {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? 'absent' : `${stats.dev} ${stats.ino} ${stats.size} ${stats.mtimeNs}`;
}
