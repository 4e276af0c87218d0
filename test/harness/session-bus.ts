// A private session bus with gnome-keyring on it, for tests that need a real Secret Service. Needs no desktop, works as root too.
// Everything lives in one temporary directory, and the daemons die with the process that started them.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';

export interface SessionBusOptions {
  /** HOME of `env`; a directory of its own when absent. Nothing is written there. */
  readonly home?: string;
  /** `none`: a bus without a Secret Service. Default: unlocked. */
  readonly keyring?: 'unlocked' | 'locked' | 'none';
  readonly password?: string;
  /** Puts keyring files in place before gnome-keyring starts. */
  readonly prepare?: (keyringDirectory: string) => void;
}

export interface SessionBus {
  /** For child processes: the caller's PATH and language, and nothing else of its environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly address: string;
  readonly busPid: number;
  /** The Secret Service's process. Throws when there is none. */
  readonly daemonPid: number;
  readonly hasKeyring: boolean;
  /** The Secret Service has ended, and nobody told it to. */
  onKeyringLost: (how: string) => void;
  /** Stops the Secret Service with SIGSTOP: it has its name on the bus and does not answer. */
  freeze(): void;
  thaw(): void;
  /** For a bus that has none. `locked` over no items at all is a service without a default keyring. */
  startKeyring(state: 'unlocked' | 'locked'): Promise<void>;
  /** SIGKILL, and waits for its end. */
  killKeyring(): Promise<void>;
  /** Ends the Secret Service and starts it anew over the same items. */
  restartKeyring(state?: 'unlocked' | 'locked'): Promise<void>;
  /** Locks the default collection, as `loginctl lock-session` or a person would. */
  lock(): void;
  /** Ends the bus itself; its socket file stays and refuses connections. */
  killBus(): Promise<void>;
  /** Ends all and removes the directory. May be called twice. */
  stop(): Promise<void>;
}

export async function startSessionBus(options: SessionBusOptions = {}): Promise<SessionBus> {
  const directory = mkdtempSync(join(tmpdir(), 'rk-bus-'));
  const daemons = new Daemons(directory, options);
  try {
    daemons.prepare(options.prepare);
    await daemons.startBus();
    const keyring = options.keyring ?? 'unlocked';
    // A keyring has to be made before it can be locked.
    if (keyring !== 'none') await daemons.startKeyring('unlocked');
    if (keyring === 'locked') await daemons.restartKeyring('locked');
    return daemons;
  } catch (error) {
    await daemons.stop();
    throw error;
  }
}

/** Throws a message that names the Debian package when the program is not there. */
export function needProgram(program: string, debianPackage: string): void {
  const found = (process.env['PATH'] ?? '').split(':').some((directory) => existsSync(join(directory, program)));
  if (!found) throw new Error(`${program} is missing: apt-get install -y --no-install-recommends ${debianPackage}`);
}

/** Polls until the claim holds. Throws after the deadline, with the given words. */
export async function until(claim: () => boolean | Promise<boolean>, words: string, deadlineMs = 10_000): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await claim())) {
    if (performance.now() > end) throw new Error(`${words}: not within ${deadlineMs} ms`);
    await wait(15);
  }
}

/** Starts a program that is killed by the kernel when this process ends, however that happens. */
export function spawnDaemon(
  program: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  input = '',
): ChildProcess {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', program, ...argv], { env, stdio: ['pipe', 'ignore', 'ignore'] });
  child.stdin?.on('error', () => undefined); // a daemon that died at once: its absence is reported by who waits for it
  child.stdin?.end(input);
  return child;
}

/** SIGKILL, and waits for the end. */
export async function killDaemon(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

class Daemons implements SessionBus {
  readonly env: Readonly<Record<string, string>>;
  readonly address: string;
  onKeyringLost: SessionBus['onKeyringLost'] = () => undefined;
  readonly #directory: string;
  readonly #password: string;
  #bus: ChildProcess | undefined;
  #keyring: ChildProcess | undefined;

  constructor(directory: string, options: SessionBusOptions) {
    needProgram('dbus-daemon', 'dbus');
    needProgram('gnome-keyring-daemon', 'gnome-keyring');
    needProgram('gdbus', 'libglib2.0-bin');
    needProgram('setpriv', 'util-linux');
    const runtime = join(directory, 'run');
    const home = options.home ?? join(directory, 'home');
    mkdirSync(runtime, { mode: 0o700 });
    mkdirSync(home, { recursive: true });
    this.#directory = directory;
    this.#password = options.password ?? 'pw';
    this.address = `unix:path=${runtime}/bus`;
    this.env = {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      LANG: 'C.UTF-8',
      HOME: home,
      XDG_RUNTIME_DIR: runtime,
      DBUS_SESSION_BUS_ADDRESS: this.address,
    };
  }

  get busPid(): number {
    return pidOf(this.#bus, 'bus');
  }

  get daemonPid(): number {
    return pidOf(this.#keyring, 'Secret Service');
  }

  get hasKeyring(): boolean {
    return this.#keyring !== undefined;
  }

  prepare(work: SessionBusOptions['prepare']): void {
    const directory = join(this.#directory, 'data', 'keyrings');
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    work?.(directory);
  }

  async startBus(): Promise<void> {
    const config = join(this.#directory, 'bus.conf');
    writeFileSync(config, busConfig(this.address));
    this.#bus = spawnDaemon('dbus-daemon', ['--nofork', '--nopidfile', '--nosyslog', `--config-file=${config}`], this.env);
    await until(() => this.#callBus('ListNames') !== undefined, 'the private session bus did not come up');
  }

  async startKeyring(state: 'unlocked' | 'locked'): Promise<void> {
    // Without --unlock nothing reads the password. The data are kept out of HOME, which belongs to the test.
    const argv = ['--foreground', '--components=secrets', ...(state === 'unlocked' ? ['--unlock'] : [])];
    const env = { ...this.env, XDG_DATA_HOME: join(this.#directory, 'data') };
    const keyring = spawnDaemon('gnome-keyring-daemon', argv, env, state === 'unlocked' ? this.#password : '');
    this.#keyring = keyring;
    keyring.once('exit', (status, signal) => {
      if (this.#keyring !== keyring) return;
      this.#keyring = undefined;
      this.onKeyringLost(signal ?? `status ${status}`);
    });
    await until(() => this.#isServed(), 'gnome-keyring did not take its name on the bus');
    if (state === 'unlocked') await until(() => this.#hasDefaultCollection(), 'gnome-keyring did not make its login keyring');
  }

  freeze(): void {
    process.kill(this.daemonPid, 'SIGSTOP');
  }

  thaw(): void {
    process.kill(this.daemonPid, 'SIGCONT');
  }

  async killKeyring(): Promise<void> {
    const keyring = this.#keyring;
    this.#keyring = undefined;
    await killDaemon(keyring);
    await until(() => !this.#isServed(), 'the bus did not notice the end of gnome-keyring');
  }

  async restartKeyring(state: 'unlocked' | 'locked' = 'unlocked'): Promise<void> {
    await this.killKeyring();
    rmSync(join(this.#directory, 'run', 'keyring'), { recursive: true, force: true });
    await this.startKeyring(state);
  }

  lock(): void {
    const reply = this.#callSecrets('Lock', "['/org/freedesktop/secrets/collection/login']");
    if (reply === undefined) throw new Error('gnome-keyring did not lock its login keyring');
  }

  async killBus(): Promise<void> {
    await killDaemon(this.#bus);
    this.#bus = undefined;
  }

  async stop(): Promise<void> {
    const keyring = this.#keyring;
    this.#keyring = undefined;
    await killDaemon(keyring);
    await killDaemon(this.#bus);
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }

  #isServed(): boolean {
    return this.#callBus('NameHasOwner', 'org.freedesktop.secrets')?.includes('true') ?? false;
  }

  #hasDefaultCollection(): boolean {
    return this.#callSecrets('ReadAlias', 'default')?.includes('/collection/') ?? false;
  }

  #callSecrets(method: string, ...argv: readonly string[]): string | undefined {
    const [name, path] = ['org.freedesktop.secrets', '/org/freedesktop/secrets'];
    return this.#gdbus(name, path, `org.freedesktop.Secret.Service.${method}`, ...argv);
  }

  #callBus(method: string, ...argv: readonly string[]): string | undefined {
    return this.#gdbus('org.freedesktop.DBus', '/org/freedesktop/DBus', `org.freedesktop.DBus.${method}`, ...argv);
  }

  #gdbus(destination: string, path: string, method: string, ...argv: readonly string[]): string | undefined {
    const call = ['call', '--session', '--timeout=5', `--dest=${destination}`, `--object-path=${path}`, `--method=${method}`];
    const done = spawnSync('gdbus', [...call, ...argv], { env: this.env, encoding: 'utf8', timeout: 10_000 });
    return done.status === 0 ? done.stdout : undefined;
  }
}

function pidOf(child: ChildProcess | undefined, what: string): number {
  if (child?.pid === undefined) throw new Error(`there is no ${what}`);
  return child.pid;
}

// No service directories: nothing is started on demand, so that "no Secret Service" stays so wherever the tests run.
/** Of a bus that listens there and does nothing but what it is told: it starts no services. */
export function busConfig(address: string): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>${address}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
  <limit name="max_completed_connections">1000</limit>
  <limit name="max_connections_per_user">1000</limit>
  <limit name="max_message_size">100000000</limit>
</busconfig>
`;
}
