// The outside world as the rest of the program sees it. Types only: nothing here runs.

import type { Account, KeyId, ProfileName } from './config/names.ts';
import type { SignIn } from './config/sign-in.ts';
import type { UndoNote } from './config/undo-note.ts';
import type { Credentials, EpochMs } from './credentials/credentials.ts';
import type { MfaCode } from './credentials/mfa-code.ts';
import type { Failure } from './credentials/plan.ts';
import type { RotationRecord } from './credentials/rotation-record.ts';
import type { Secret } from './credentials/secret.ts';
import type { SignInTokens } from './credentials/sign-in-tokens.ts';
import type { CallContext } from './credentials/sts-refusal.ts';
import type { Warning } from './credentials/warnings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The only source of time. */
export interface Clock {
  /** Now as AWS counts it: the local clock corrected by what STS's Date header taught. */
  now(): EpochMs;
  /** The same moment as the local wall clock shows it; for what callers will compare with their own clock. */
  toLocal(at: EpochMs): EpochMs;
  /** Takes the Date header of an STS reply that came just now. Resolution one second. */
  learn(serverNow: EpochMs): void;
  /** Another process may have learnt something just now. */
  lookAgain(): void;
  /** Ends early, without an error, when the signal is aborted. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

/**
 * Where secrets live. Absent is `undefined`. A store that cannot answer throws: `store-locked` (a person must unlock it),
 * `store-unavailable` (not there, not answering in time), `store-rejected` (would not take this value).
 * Empty values and values with NUL are refused with `store-rejected` before the store is asked.
 */
export interface Store {
  readonly kind: StoreKind;
  /** For messages: "the Secret Service keyring", "the age store in /home/…". */
  readonly description: string;
  get(account: Account): Promise<Secret | undefined>;
  /** Creates or overwrites; a reader sees the old or the new value, never a mix. */
  set(account: Account, value: Secret): Promise<void>;
  /** True if there was such an item. */
  delete(account: Account): Promise<boolean>;
  /** Drops connections and key material. The store may be used again; it then opens anew. */
  close(): Promise<void>;
  /** Only of a store that opens with a passphrase of its own. */
  readonly passphraseLock?: PassphraseLock;
}

/**
 * The passphrase opens an identity, and the identity opens the items. Whoever was asked for the passphrase can hand the identity to a
 * process that nobody can be asked by.
 */
export interface PassphraseLock {
  /** False before the first item: there is nothing yet that could be locked. */
  isInUse(): boolean;
  /** True while the identity is in this process. */
  isOpen(): boolean;
  /** Asks for the passphrase, unless the identity is here already, and returns the identity. Throws what `get` throws. */
  open(): Promise<Secret>;
  /** Takes the identity from another process. Throws `store-locked` for one that opens nothing here, and keeps nothing of it. */
  accept(identity: Secret): Promise<void>;
  /** Forgets the identity. */
  lock(): void;
}

export type StoreKind = 'keychain' | 'age' | 'memory';

/** How a store may behave: what the process can bear. */
export interface StoreManners {
  /** Each call ends within this time. 1,500 in `get` and in background work, about 60,000 where a person waits. */
  readonly deadlineMs: number;
  /** Whether the keychain may raise its own unlock dialog. Never in `get` and in background work. */
  readonly prompts: 'never' | 'allowed';
}

/** What may be locked: one refresh per key id, the list of items, the user's config files, the agent's place, access keys being rotated. */
export type LockName = KeyId | 'index' | 'config' | 'agent' | 'rotate';

export type LockOutcome<T> =
  | { readonly kind: 'held'; readonly value: T }
  /** While waiting, `meanwhile` found the answer that the holder produced. */
  | { readonly kind: 'overtaken'; readonly value: T }
  /** The holder kept it for all of `waitMs`; nothing was done. */
  | { readonly kind: 'busy' };

export interface LockWait<T> {
  readonly waitMs: number;
  readonly signal?: AbortSignal;
  /** Asked between tries, about every 20 ms: an answer that makes the lock needless, or undefined. */
  readonly meanwhile?: () => Promise<T | undefined>;
}

/** One holder at a time over all processes of the user. A killed holder delays nobody for long. */
export interface Lock {
  withLock<T>(name: LockName, wait: LockWait<T>, work: (held: HeldLock) => Promise<T>): Promise<LockOutcome<T>>;
}

export interface HeldLock {
  /** Aborted when the lock was lost (sleep, a stall): the work must not write any more. */
  readonly lost: AbortSignal;
}

/** What is known of one hop's credentials without opening the store. Never holds a secret. */
export interface StateRecord {
  readonly id: KeyId;
  /** A `sign-in` is no hop: it is what hops of IAM Identity Center are made with. */
  readonly kind: 'session' | 'role' | 'sign-in';
  /** The profile that asked last. */
  readonly profile: ProfileName;
  readonly issuedAt?: EpochMs;
  /**
   * End of what the store has for this id; published only after the store took it. Of a sign-in: until when it makes credentials without
   * a person, as far as is known; the organisation may end it sooner.
   */
  readonly expiresAt?: EpochMs;
  /** Of a sign-in: it has a refresh token. */
  readonly refreshesItself?: boolean;
  readonly failure?: StateFailure;
}

export type StateFailure = Failure;

/** The state directory: one small file per id. Reads never throw for broken files; those are set aside. */
export interface State {
  read(id: KeyId): StateRecord | undefined;
  list(): readonly StateRecord[];
  /** Atomic and durable. Throws `state-unwritable`, `foreign-owner`, `format-newer`. */
  publish(record: StateRecord): void;
  /** With the note of who wanted it. */
  remove(id: KeyId): void;
  /** The ARN of the user whose keys are known under this name: a copy of what the store's item says. */
  principal(keys: ProfileName): string | undefined;
  rememberPrincipal(keys: ProfileName, userArn: string): void;
  forgetPrincipal(keys: ProfileName): void;
  /** Of the person whose state this is; for the names of sessions where no IAM user gives one. */
  userName(): string;
  /** Changes whenever a record was published or removed, by whichever process; just after that also by itself. Never throws. */
  stamp(): string;
  /** Notes that somebody wants these credentials, about once an hour. Never throws: it is only a note. */
  noteAsked(id: KeyId): void;
  /** When somebody last wanted them, within an hour, on the local clock; undefined where nobody is known to. */
  askedAt(id: KeyId): number | undefined;
}

/** Which STS answers: part of the key id. */
export interface StsEndpoint {
  readonly region: string;
  /** Replaces AWS's own URL. */
  readonly url?: string;
  readonly useFips: boolean;
  readonly useDualstack: boolean;
  /** The old single endpoint, sts.amazonaws.com (`sts_regional_endpoints = legacy`). */
  readonly useGlobal: boolean;
}

/** Which of a regional service's endpoints answers. */
export type ServiceEndpoint = Omit<StsEndpoint, 'useGlobal'>;

/** How to get there: not part of the key id. */
export interface Network {
  readonly caBundle?: string;
  /** May hold a password. */
  readonly httpsProxy?: Secret;
  readonly noProxy?: string;
}

export interface StsCaller {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly sessionToken?: Secret;
}

export interface StsCall {
  readonly caller: StsCaller;
  readonly endpoint: StsEndpoint;
  readonly network: Network;
  /** Ends the call; the port adds its own deadline of 10 s. */
  readonly signal?: AbortSignal;
  /** Changes nothing that is sent; a refusal is explained with it. */
  readonly context?: CallContext;
}

export interface MfaAnswer {
  readonly serial: string;
  readonly code: MfaCode;
}

export interface GetSessionTokenRequest {
  readonly durationSeconds: number;
  readonly mfa?: MfaAnswer;
}

/** AssumeRole's own parameters; every string has passed config/limits.ts. */
export interface AssumeRoleRequest {
  readonly roleArn: string;
  readonly roleSessionName: string;
  readonly durationSeconds: number;
  readonly externalId?: string;
  readonly sourceIdentity?: string;
  readonly policy?: string;
  readonly policyArns?: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
  readonly transitiveTagKeys?: readonly string[];
  readonly mfa?: MfaAnswer;
}

export interface CallerIdentity {
  readonly arn: string;
  readonly accountId: string;
}

/**
 * AWS STS. Throws `aws-refused`, `mfa-refused`, `login-needed` (the caller's session has ended), `network`, `deadline`,
 * `config-unreadable` (the CA bundle), and `interrupted` when the call's signal was aborted. Corrects the clock by the Date header of
 * every reply and tries once more when AWS says the clock is off. An MFA code is sent only once: where the clock may be off, a
 * GetCallerIdentity goes first. Makes no other retries.
 */
export interface Sts {
  getCallerIdentity(call: StsCall): Promise<CallerIdentity>;
  getSessionToken(request: GetSessionTokenRequest, call: StsCall): Promise<Credentials>;
  assumeRole(request: AssumeRoleRequest, call: StsCall): Promise<Credentials>;
}

/** The way to IAM Identity Center. Nothing signs: what proves the caller is in the request. */
export type IdentityCenterCall = Omit<StsCall, 'caller' | 'endpoint'>;

/** This program, as the Identity Center knows it: registered anew every few months, at a login. */
export interface RegisteredClient {
  readonly clientId: string;
  readonly clientSecret: Secret;
  readonly expiresAt: EpochMs;
  /** What it was registered for. */
  readonly flow: SignInFlow;
}

export type SignInFlow = 'browser' | 'device';

/** What a person's approval is turned into tokens with. */
export type TokenGrant =
  | { readonly kind: 'code'; readonly code: Secret; readonly verifier: Secret; readonly redirectUri: string }
  | { readonly kind: 'device'; readonly deviceCode: Secret }
  | { readonly kind: 'refresh'; readonly refreshToken: Secret };

export interface IssuedTokens {
  readonly accessToken: Secret;
  readonly accessExpiresAt: EpochMs;
  readonly refreshToken?: Secret;
}

export type TokenOutcome =
  | { readonly kind: 'issued'; readonly tokens: IssuedTokens }
  /** Of a device: nobody has approved it yet, or it was asked too often. */
  | { readonly kind: 'pending' | 'slow-down' }
  /** This grant will never be good again. */
  | { readonly kind: 'refused'; readonly awsCode: string; readonly words: string };

export interface DeviceAuthorization {
  readonly deviceCode: Secret;
  readonly userCode: string;
  readonly verificationUrl: string;
  /** The same with the code in it. */
  readonly completeUrl: string;
  readonly expiresAt: EpochMs;
  readonly intervalMs: number;
}

export interface AuthorizeRequest {
  readonly redirectUri: string;
  readonly state: string;
  readonly codeChallenge: string;
}

/** Where people sign in to IAM Identity Center. Throws `aws-refused`, `network`, `deadline`, `config-unreadable` and `interrupted`. */
export interface SignInService {
  register(signIn: SignIn, flow: SignInFlow, call: IdentityCenterCall): Promise<RegisteredClient>;
  /** The page that a person opens. */
  authorizeUrl(signIn: SignIn, client: RegisteredClient, request: AuthorizeRequest): string;
  startDevice(signIn: SignIn, client: RegisteredClient, call: IdentityCenterCall): Promise<DeviceAuthorization>;
  /** Sent once, whatever happens: a code and a refresh token may be good for one time only. */
  exchange(signIn: SignIn, client: RegisteredClient, grant: TokenGrant, call: IdentityCenterCall): Promise<TokenOutcome>;
}

export interface PortalRole {
  readonly accountId: string;
  readonly roleName: string;
}

export interface PortalAccount {
  readonly accountId: string;
  readonly name: string;
  readonly email: string;
}

/** What a call to the portal is made with. */
export interface PortalCall extends IdentityCenterCall {
  readonly endpoint: ServiceEndpoint;
  readonly accessToken: Secret;
}

/**
 * The access portal. Throws `login-needed` for an access token that is not taken any more, and what `SignInService` throws. Lists are whole:
 * all pages, and again after a while where it is asked too often.
 */
export interface Portal {
  getRoleCredentials(role: PortalRole, call: PortalCall): Promise<Credentials>;
  listAccounts(call: PortalCall): Promise<readonly PortalAccount[]>;
  listRoles(accountId: string, call: PortalCall): Promise<readonly PortalRole[]>;
  /** Ends the sign-in at AWS. */
  logout(call: PortalCall): Promise<void>;
}

export interface AccessToken {
  readonly value: Secret;
  readonly expiresAt: EpochMs;
}

/** The sign-ins of this person. */
export interface SignIns {
  /**
   * One that will do for the next calls; made anew with the refresh token where need be, once for all who ask. `refused` was not taken by
   * the portal. Throws `login-needed` where only a person can go on.
   */
  accessToken(signIn: SignIn, call: IdentityCenterCall, refused?: AccessToken): Promise<AccessToken>;
  /** After a login. Throws what the store throws. */
  keep(signIn: SignIn, tokens: SignInTokens, call: IdentityCenterCall): Promise<void>;
  /** What the store has; undefined for nothing, or nothing that can be read. */
  stored(id: KeyId): Promise<SignInTokens | undefined>;
}

/** The sign-ins of `aws sso login`, which are read and never written. */
export interface ForeignSignIns {
  /** Undefined for none, and for what is over, half written, or of another place. Never throws. */
  read(signIn: SignIn): AccessToken | undefined;
}

export interface IdentityCenter {
  readonly service: SignInService;
  readonly portal: Portal;
  readonly signIns: SignIns;
}

/** The person's web browser, opened by the command that they typed; never from the background (decisions.md 21). */
export interface Browser {
  /** Undefined where one can be opened; else why not, for the person. */
  readonly obstacle: string | undefined;
  /** True if something was started. Never throws. */
  open(url: string): Promise<boolean>;
}

/** What came back from the sign-in page: the code, or why there is none. */
export type CallbackAnswer =
  | { readonly kind: 'code'; readonly code: Secret }
  | { readonly kind: 'refused'; readonly error: string; readonly words: string };

export interface CallbackWait<T> {
  /** Whatever comes without it is somebody else's. */
  readonly state: string;
  /** For the page. */
  readonly where: string;
  readonly deadlineMs: number;
  /** Where the browser is to come back to; called when it can. */
  readonly onReady: (redirectUri: string) => Promise<void>;
  /** Turns the answer into what was wanted; the page tells how that went. */
  readonly finish: (answer: CallbackAnswer, redirectUri: string) => Promise<T>;
}

/** A page on this computer's loopback interface that a browser is sent back to, and that is there for one answer. */
export interface CallbackPage {
  /** Throws what `onReady` and `finish` throw, and `deadline` when nobody comes back in time. */
  receive<T>(wait: CallbackWait<T>): Promise<T>;
}

/** Programs of the person's that the configuration names. */
export interface Programs {
  /**
   * What the command prints to stdout, run through the shell as the line stands in the config. Throws `program-failed`, with the end of
   * what it said on stderr.
   */
  output(run: ProgramRun): Promise<string>;
}

export interface ProgramRun {
  readonly command: string;
  /** The name of the setting, and what its command should print: for messages. */
  readonly setting: string;
  readonly wanted: 'code' | 'credentials' | 'token' | 'assertion';
  /** Marks the child, so that a command that leads back to rolekeeper for the same profile is refused there. */
  readonly profile: string;
  /** Ends it, and all that it started, after this time. */
  readonly waitMs: number;
  /** In characters. */
  readonly longestOutput: number;
  readonly signal?: AbortSignal;
  /** Its stderr goes to the person, rather than into the error. */
  readonly showsStderr: boolean;
}

/** One access key of an IAM user, as IAM lists it. */
export interface ListedKey {
  readonly accessKeyId: string;
  readonly isActive: boolean;
  readonly createdAt?: EpochMs;
}

export interface NewAccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
}

export interface IamCall extends StsCall {
  /** Named always: IAM cannot tell it from a session's key id. */
  readonly userName: string;
}

/**
 * The access keys of one user in AWS IAM. Throws like `Sts`, also in what concerns the clock. Nothing is tried again: after a `network`
 * or `deadline` it is unknown whether the call was carried out.
 */
export interface Iam {
  /** Two at most. */
  listAccessKeys(call: IamCall): Promise<readonly ListedKey[]>;
  createAccessKey(call: IamCall): Promise<NewAccessKey>;
  /** Like `deleteAccessKey`, a key that is not there any more is no failure. */
  deactivateAccessKey(accessKeyId: string, call: IamCall): Promise<void>;
  deleteAccessKey(accessKeyId: string, call: IamCall): Promise<void>;
}

/** How far the rotation of some keys has come, by their name in the store. */
export interface RotationRecords {
  /** Undefined when there is none, or none that can be understood. Throws `config-unreadable`, `format-newer`. */
  read(keys: ProfileName): RotationRecord | undefined;
  /** Throws `state-unwritable`, `foreign-owner`. */
  keep(keys: ProfileName, record: RotationRecord): void;
  forget(keys: ProfileName): void;
}

/** Text files of the user: read whole, replaced whole. */
export interface TextFiles {
  /** Undefined when there is no such file. Throws `config-unreadable`. A BOM stays in the text. */
  read(path: string): string | undefined;
  /**
   * Atomic: temporary name in the same directory, flush, rename over the link's target; keeps mode and owner, new files are 0600.
   * Throws `config-unwritable` and `foreign-owner`; the old file is then untouched. `expected` is the text the edit was made from
   * (undefined: no file): if the file has changed meanwhile, throws `config-unwritable` and writes nothing.
   */
  replace(path: string, expected: string | undefined, text: string): void;
}

/** What it takes to undo what was last done for a profile. */
export interface UndoNotes {
  /** Undefined when there is nothing to undo. Throws `config-unreadable`, `format-newer`. */
  read(profile: ProfileName): UndoNote | undefined;
  /** Throws `state-unwritable`, `foreign-owner`, and `format-newer`: such a note is not replaced. */
  keep(profile: ProfileName, note: UndoNote): void;
  forget(profile: ProfileName): void;
}

/** The person at the keyboard. Every question throws `no-terminal` where there is none, and `interrupted` on Ctrl-C. */
export interface Terminal {
  readonly isInteractive: boolean;
  /** One line on stderr. */
  say(line: string): void;
  /** Asks without echo. */
  askHidden(question: string): Promise<Secret>;
  ask(question: string): Promise<string>;
  confirm(question: string): Promise<boolean>;
  choose(question: string, choices: readonly string[]): Promise<string>;
}

/** One command of a service's plan: a program and its arguments, no shell. */
export interface ServiceCommand {
  readonly words: readonly [string, ...string[]];
  /** Its failure means nothing: what it stops may not be running. */
  readonly mayFail?: boolean;
  /** Runs on when this process has ended. */
  readonly isDetached?: boolean;
  /** Ends it after this time; 30 s without. */
  readonly endMs?: number;
}

/** What a machine offers for services of a user. */
export interface ServiceSurroundings {
  /** Undefined where no user manager of systemd answers. */
  readonly systemd?: SystemdSurroundings;
}

export interface SystemdSurroundings {
  /** The directories where the manager looks for units. */
  readonly unitPath: readonly string[];
  /** Whether a user service may have a user namespace, and with it a file system of its own. */
  readonly canPrivateUsers: boolean;
  /** Whether the manager runs without a login; undefined when nobody can tell. */
  readonly lingers: boolean | undefined;
}

/** The system's own manager of background programs: systemd, launchd, the Task Scheduler, or none. */
export interface ServiceManager {
  surroundings(): Promise<ServiceSurroundings>;
  /**
   * Never throws for what the command does; ends within 30 s, or its own time, even if the program does not. One that is not there has
   * status 127. Times that it prints are in UTC.
   */
  run(command: ServiceCommand): Promise<ServiceCommandEnd>;
}

export interface ServiceCommandEnd {
  readonly status: number;
  /** Both streams, for messages. */
  readonly output: string;
}

/** Files in the user's own places that install makes and uninstall removes. */
export interface ServiceFiles {
  /** Undefined when there is no such file. UTF-8, or UTF-16 behind a byte order mark. Throws `config-unreadable`. */
  read(path: string): string | undefined;
  /** As TextFiles.replace promises. */
  write(file: ServiceFile, expected: string | undefined): void;
  /** If it still is what was expected, else throws `config-unwritable`. */
  remove(path: string, expected: string): void;
  /** Links, sockets and empty files, without a word when there is none; never a file with something in it. */
  removeTrace(path: string): void;
  /** The directories on the way to these files that are not there yet, outer ones first. */
  missingDirectories(paths: readonly string[]): readonly string[];
  /** Those that are empty; inner ones first. */
  removeEmptyDirectories(directories: readonly string[]): void;
}

export interface ServiceFile {
  readonly path: string;
  readonly text: string;
  readonly encoding: 'utf-8' | 'utf-16';
}

/** What install made, for the next install and for uninstall. */
export interface ServiceRecord {
  readonly kind: string;
  readonly mode: string;
  readonly files: readonly RecordedFile[];
  /** Directories that had to be made, outer ones first. */
  readonly directories: readonly string[];
  /** The files that the service runs; undefined in a record that does not say. */
  readonly program?: readonly string[];
}

export interface RecordedFile {
  readonly path: string;
  /** Every text of ours that may be there, the newest last: while an upgrade is under way it may be the old one or the new one. */
  readonly texts: readonly string[];
}

export interface ServiceRecords {
  /** Where it lies. */
  readonly path: string;
  /** Undefined when there is none, or none that can be understood. Throws `config-unreadable`, `format-newer`. */
  read(): ServiceRecord | undefined;
  /** Throws `state-unwritable`, `foreign-owner`. */
  keep(record: ServiceRecord): void;
  forget(): void;
}

/** What a running agent says of itself. */
export interface AgentStatus {
  readonly version: string;
  readonly pid?: number;
}

/** The agent, seen from a command. */
export interface AgentDoor {
  /** Undefined when no agent answers in time. With socket activation, asking starts it. */
  readonly askAgent: () => Promise<AgentStatus | undefined>;
  /** Asks the agent to end; no agent, no word. */
  readonly stopAgent: () => Promise<void>;
}

/** Events for `--debug`: one line each, never a secret. */
export interface Log {
  event(name: string, fields: Readonly<Record<string, string | number | boolean>>): void;
}

/** Rings every 15 seconds by the wall clock; after a sleep or a jump of the clock once, however much was missed. */
export interface Bell {
  /** Never rings while the last ring is still being answered. Returns what stops it. */
  start(onRing: () => Promise<void>): () => void;
}

/** The local clocks together: the one that people set, and two that nobody sets, of which one goes on in sleep. */
export interface ClockReading {
  readonly wallMs: number;
  readonly uptimeMs: number;
  readonly monotonicMs: number;
}

/** Tells the person at the desktop. Each event once, over all processes; never waits and never throws. */
export interface Notifier {
  tell(warning: Warning): void;
  /** Once all that was told is shown, or after `ms`: where the end of this process would end what shows it. Never throws. */
  settled(ms: number): Promise<void>;
}

/** What `doctor` looks at, and the one thing there that it may change. */
export interface Inspector {
  /** Runs a credential_process line as some clients do, to its end. Never throws for what the line does. */
  run(line: string, how: LineManner): Promise<LineRun>;
  /** Follows links. Undefined when nothing is there, or nothing that can be looked at. */
  look(path: string): FileLook | undefined;
  /** Names in a directory; none where there is no such directory. */
  list(directory: string): readonly string[];
  /** Throws `config-unwritable`. */
  setMode(path: string, mode: number): void;
}

/** botocore splits the line as shlex does and runs no shell; Go, JavaScript, Java and Rust give it to `sh -c` (sdk-contract.md 6). */
export type LineWay = 'shlex' | 'shell';

export interface LineManner {
  readonly way: LineWay;
  readonly env: Environment;
  readonly deadlineMs: number;
  readonly mostBytes: number;
}

export interface LineRun {
  readonly way: LineWay;
  /** Undefined when it did not start, or was ended. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly end: 'exited' | 'not-started' | 'too-late' | 'too-much';
}

export interface FileLook {
  readonly path: string;
  readonly isDirectory: boolean;
  /** The permission bits; 0 where there are none (Windows). */
  readonly mode: number;
  readonly owner: 'self' | 'root' | 'other';
}
