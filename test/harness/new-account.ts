// An account as on a machine that was just set up: made by useradd, with a home, a session bus, gnome-keyring and a real user manager of
// systemd; by the recipe of locking.md. Everything is in namespaces of its own: the host has neither the user nor a file or process of it,
// and whatever ends this process ends them. What is left then is an empty cgroup, which the next run removes.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { busConfig, needProgram, until } from './session-bus.ts';

export interface Ran {
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface NewAccount {
  /** The home as the account sees it. */
  readonly home: string;
  /** The same directory as this process sees it. */
  readonly homeFromOutside: string;
  /** An unpacked release archive, as the account sees it. */
  readonly archive: string;
  /** A line for the account's shell. Without a login there is neither a bus nor a manager. */
  shell(line: string, stdin?: string): Promise<Ran>;
  /** Session bus, unlocked keyring, user manager. */
  logIn(): Promise<void>;
  /** All of them end, and the runtime directory goes, as logind does it. */
  logOut(): Promise<void>;
  close(): Promise<void>;
}

/** Why this machine cannot have one; undefined where it can. Throws where only a Debian package is missing. */
export function whyNoAccount(): string | undefined {
  if (process.platform !== 'linux') return `no Linux but ${process.platform}`;
  if (process.getuid?.() !== 0) return 'not root';
  needProgram('systemctl', 'systemd');
  needProgram('nsenter', 'util-linux');
  const probe = `${cgroups}\nmkdir -p /sys/fs/cgroup/${cgroupName} && rmdir /sys/fs/cgroup/${cgroupName}`;
  const { status, stderr } = spawnSync('unshare', [...namespaces, 'bash', '-ec', probe], { encoding: 'utf8' });
  return status === 0 ? undefined : `namespaces: ${stderr.trim().split('\n').at(-1)}`;
}

export async function openNewAccount(): Promise<NewAccount> {
  for (const [program, debianPackage] of neededPrograms) needProgram(program, debianPackage);
  const account = new Account();
  try {
    await account.open();
    return account;
  } catch (error) {
    await account.close();
    throw error;
  }
}

const neededPrograms = [
  ['dbus-daemon', 'dbus'],
  ['gnome-keyring-daemon', 'gnome-keyring'],
  ['gdbus', 'libglib2.0-bin'],
  ['useradd', 'passwd'],
  ['setpriv', 'util-linux'],
] as const;

const namespaces = ['--mount', '--pid', '--fork', '--kill-child=KILL', '--mount-proc'];
const name = 'rk-newcomer';
const cgroupName = `rolekeeper-test-${process.pid}`;
const home = `/home/${name}`;
/** On a file system that only these namespaces have. */
const place = '/run/rolekeeper-test';

// The host's cgroups may be of the old kind, with the new one beside them or not mounted at all.
const cgroups = `mount --make-rprivate /
umount --recursive /sys/fs/cgroup 2>/dev/null || umount --lazy /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup`;

const sweepCgroups = `${cgroups}
find /sys/fs/cgroup -maxdepth 1 -name 'rolekeeper-test-*' | while read -r one; do find "$one" -depth -type d -exec rmdir {} + 2>/dev/null || true; done`;

/** Process 1 of the namespaces: sets all up, says so, and ends with its standard input, whose other end is ours. */
const setUp = `${cgroups}
for file in "$NODE" "$REPOSITORY/dist/rolekeeper.js"; do [ -f "$file" ]; done
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/systemd/system /run/systemd/unit-root /run/user ${place}/bin ${place}/archive/src/front ${place}/archive/tools
cp -a /etc ${place}/etc
# Node and the sources may lie where only root may look.
touch ${place}/bin/node
mount --bind "$(readlink -f "$NODE")" ${place}/bin/node
cd "$REPOSITORY"
cp -R dist man install package.json LICENSE ${place}/archive/
cp src/front/* ${place}/archive/src/front/
cp tools/compile-front.mjs ${place}/archive/tools/
"$NODE" install/copy-packages.cjs . ${place}/archive fs-native-extensions
cd /
mount --bind ${place}/etc /etc
mount -t tmpfs -o mode=755 tmpfs /home
if [ -d /var/mail ]; then mount -t tmpfs tmpfs /var/mail; fi
[ -s /etc/machine-id ] || { rm -f /etc/machine-id; tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id; }
# Sockets of other programs, which would start their own bus and keyring.
rm -rf /etc/systemd/user/sockets.target.wants
mkdir -p ${place}/none
if [ -d /usr/lib/systemd/user/sockets.target.wants ]; then mount --bind ${place}/none /usr/lib/systemd/user/sockets.target.wants; fi
useradd --create-home --no-log-init --shell /bin/bash ${name}
install -d -m 700 -o ${name} ${place}/keyring
id -u ${name}
cat >/dev/null`;

class Account implements NewAccount {
  readonly home = home;
  readonly archive = `${place}/archive`;
  #init: ChildProcess | undefined;
  #uid = 0;
  #logins = 0;
  #session: readonly ChildProcess[] = [];

  get homeFromOutside(): string {
    return join('/proc', String(this.#pid), 'root', home);
  }

  async open(): Promise<void> {
    sweep();
    const env = { PATH: rootPath, LANG: 'C.UTF-8', NODE: process.execPath, REPOSITORY: resolve('.') };
    const args = ['--pdeathsig', 'KILL', '--', 'unshare', ...namespaces, 'bash', '-ec', setUp];
    const init = spawn('setpriv', args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#init = init;
    let [said, problem] = ['', ''];
    init.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    init.stderr.setEncoding('utf8').on('data', (text: string) => {
      problem += text;
    });
    await until(() => said.endsWith('\n') || init.exitCode !== null, 'the account was not made', 20_000);
    if (init.exitCode !== null) throw new Error(`the account could not be made: ${problem}`);
    this.#uid = Number(said);
  }

  async shell(line: string, stdin = ''): Promise<Ran> {
    const child = this.#spawn(['bash', '-c', line], 'pipe');
    let [stdout, stderr] = ['', ''];
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.stdin?.on('error', () => undefined); // a program that does not read its stdin closes it
    child.stdin?.end(stdin);
    const [status] = await once(child, 'close');
    return { stdout, stderr, status: typeof status === 'number' ? status : undefined };
  }

  async logIn(): Promise<void> {
    this.#logins += 1;
    const cgroup = `/sys/fs/cgroup/${cgroupName}/login-${this.#logins}`;
    await this.#asRoot(
      `install -d -m 700 -o ${name} -g ${name} ${this.#runtime}; cat >${place}/bus.conf; mkdir -p ${cgroup}; chown -R ${name}: ${cgroup}`,
      busConfig(`unix:path=${this.#runtime}/bus`),
    );
    const bus = this.#spawn(['dbus-daemon', '--nofork', '--nopidfile', '--nosyslog', `--config-file=${place}/bus.conf`]);
    await this.#wait('[ -S "$XDG_RUNTIME_DIR/bus" ]', 'the session bus did not come up');
    // The keyring's own files are no part of what is compared.
    const keyring = this.#spawn(
      ['env', `XDG_DATA_HOME=${place}/keyring`, 'gnome-keyring-daemon', '--foreground', '--components=secrets', '--unlock'],
      'pipe',
    );
    keyring.stdin?.end('password');
    const manager = this.#spawn(['/lib/systemd/systemd', '--user', '--unit=basic.target'], 'ignore', `${cgroup}/cgroup.procs`);
    this.#session = [manager, keyring, bus];
    const alias =
      'gdbus call --session --dest org.freedesktop.secrets --object-path /org/freedesktop/secrets --method org.freedesktop.Secret.Service.ReadAlias default';
    await this.#wait(`${alias} 2>/dev/null | grep -q collection/`, 'gnome-keyring did not make its login keyring');
    await this.#wait('systemctl --user --quiet is-active basic.target 2>/dev/null', 'the user manager did not come up');
  }

  async logOut(): Promise<void> {
    const [manager, ...others] = this.#session;
    await this.shell('systemctl --user exit');
    if (manager !== undefined && manager.exitCode === null && manager.signalCode === null) await once(manager, 'exit');
    // The rest of the session: nothing of this user may be left but what the next login starts.
    await this.#asRoot(`setpriv --reuid ${name} --clear-groups bash -c 'kill -TERM -1' || true; rm -rf ${this.#runtime}`);
    for (const child of others) if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    this.#session = [];
  }

  async close(): Promise<void> {
    const init = this.#init;
    if (init !== undefined && init.exitCode === null && init.signalCode === null) {
      const ended = once(init, 'exit');
      init.stdin?.end();
      await ended;
    }
    sweep();
  }

  get #runtime(): string {
    return `/run/user/${this.#uid}`;
  }

  get #pid(): number {
    const pid = this.#init?.pid;
    if (pid === undefined) throw new Error('the account is not open');
    return pid;
  }

  #enter(words: readonly string[], stdio: 'ignore' | 'pipe'): ChildProcess {
    // The process that made the namespaces is not in the new one of processes itself.
    const args = ['--target', String(this.#pid), '--mount', `--pid=/proc/${this.#pid}/ns/pid_for_children`, '--wd=/', '--'];
    return spawn('nsenter', [...args, ...words], { env: { PATH: rootPath, LANG: 'C.UTF-8' }, stdio: [stdio, stdio, stdio] });
  }

  #spawn(words: readonly string[], stdio: 'ignore' | 'pipe' = 'ignore', cgroup?: string): ChildProcess {
    const env = {
      HOME: home,
      USER: name,
      LOGNAME: name,
      SHELL: '/bin/bash',
      LANG: 'C.UTF-8',
      PATH: `${home}/.local/bin:${place}/bin:/usr/bin:/bin`,
      ...(this.#logins === 0
        ? {}
        : { XDG_RUNTIME_DIR: this.#runtime, DBUS_SESSION_BUS_ADDRESS: `unix:path=${this.#runtime}/bus` }),
    };
    const variables = Object.entries(env).map(([variable, value]) => `${variable}=${value}`);
    const as = ['setpriv', '--reuid', name, '--regid', name, '--init-groups', 'env', '-i', '-C', home, ...variables, ...words];
    const moved = cgroup === undefined ? as : ['bash', '-c', `echo $$ >${cgroup} && exec "$0" "$@"`, ...as];
    return this.#enter(moved, stdio);
  }

  async #asRoot(line: string, stdin = ''): Promise<void> {
    const child = this.#enter(['bash', '-ec', line], 'pipe');
    let problem = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      problem += text;
    });
    child.stdin?.end(stdin);
    const [status] = await once(child, 'close');
    if (status !== 0) throw new Error(`in the account's namespaces: ${line}: ${problem}`);
  }

  /** One shell that looks again and again, rather than a shell for each look. */
  async #wait(claim: string, words: string): Promise<void> {
    const { status, stderr } = await this.shell(`for i in {1..200}; do if ${claim}; then exit 0; fi; sleep 0.05; done; exit 1`);
    if (status !== 0) throw new Error(`${words}: ${stderr}`);
  }
}

const rootPath = '/usr/sbin:/usr/bin:/sbin:/bin';

/** Those of earlier runs that were killed, too. One that is in use cannot be removed. */
function sweep(): void {
  if (!existsSync('/sys/fs/cgroup')) return;
  spawnSync('unshare', ['--mount', 'bash', '-ec', sweepCgroups], { stdio: 'ignore' });
}
