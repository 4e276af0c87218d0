// Runs the commands of a service's plan, and finds out what this machine's manager can do. Decides nothing.

import { spawn } from 'node:child_process';
import type { Environment } from '../ports/environment.ts';
import type {
  ServiceCommand,
  ServiceCommandEnd,
  ServiceManager,
  ServiceSurroundings,
  SystemdSurroundings,
} from '../ports/service.ts';
import { isOwnDirectory } from './directory.ts';
import { errorCode } from './problem-words.ts';

export interface ManagerPlace {
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
  readonly uid: number | undefined;
}

export function createServiceManager(place: ManagerPlace): ServiceManager {
  const env = managerEnvironment(place);
  return {
    surroundings: () => surroundings(place, env),
    run: (command) => (command.isDetached === true ? runDetached(command, env) : run(command, env)),
  };
}

const patienceMs = 30_000;
const probePatienceMs = 5_000;

async function surroundings({ platform, uid }: ManagerPlace, env: Environment): Promise<ServiceSurroundings> {
  if (platform === 'darwin' || platform === 'win32') return {};
  const shown = await run(
    { words: ['systemctl', '--user', 'show', '--property=UnitPath', '--value'], endMs: probePatienceMs },
    env,
  );
  const unitPath = shown.output.split(/\s+/).filter((path) => path.startsWith('/'));
  if (shown.status !== 0 || unitPath.length === 0) return {};
  const [canPrivateUsers, lingers] = await Promise.all([probePrivateUsers(env), probeLinger(uid, env)]);
  return { systemd: { unitPath, canPrivateUsers, lingers } satisfies SystemdSurroundings };
}

/** By a short-lived unit with the same group: what the manager accepts may still fail when it runs. */
async function probePrivateUsers(env: Environment): Promise<boolean> {
  const properties = [
    'PrivateUsers=yes',
    'PrivateTmp=yes',
    'PrivateDevices=yes',
    'ProtectSystem=strict',
    'ProtectHome=read-only',
  ];
  const words = ['--user', '--wait', '--quiet', '--collect', '--pipe', ...properties.map((one) => `--property=${one}`), 'true'];
  return (await run({ words: ['systemd-run', ...words], endMs: probePatienceMs }, env)).status === 0;
}

async function probeLinger(uid: number | undefined, env: Environment): Promise<boolean | undefined> {
  const { status, output } = await run(
    { words: ['loginctl', 'show-user', String(uid ?? ''), '--property=Linger', '--value'], endMs: probePatienceMs },
    env,
  );
  return status === 0 && /^(yes|no)$/m.test(output) ? /^yes$/m.test(output) : undefined;
}

/** su, cron and IDEs lose the variable by which systemctl finds the manager. */
function managerEnvironment({ env, uid }: ManagerPlace): Environment {
  const usual = uid === undefined ? undefined : `/run/user/${uid}`;
  const isLost = !env['XDG_RUNTIME_DIR'] && usual !== undefined && isOwnDirectory(usual, uid);
  // What systemctl and schtasks say is shown, and looked at: in one language, and not through a pager.
  return { ...env, ...(isLost ? { XDG_RUNTIME_DIR: usual } : {}), LC_ALL: 'C.UTF-8', SYSTEMD_PAGER: '', SYSTEMD_COLORS: '0' };
}

function run({ words: [program, ...args], endMs = patienceMs }: ServiceCommand, env: Environment): Promise<ServiceCommandEnd> {
  const child = spawn(program, args, { env: { ...env, TZ: 'UTC' }, stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
  let output = '';
  const take = (chunk: string) => {
    output += chunk;
  };
  child.stdout.setEncoding('utf8').on('data', take);
  child.stderr.setEncoding('utf8').on('data', take);
  return new Promise((done) => {
    // The end of the program is not waited for, nor are those whom it left its output to.
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      for (const stream of [child.stdout, child.stderr]) stream.destroy();
      child.unref();
      done({ status: 1, output: `${output.trim()} (ended after ${endMs / 1000} s)`.trim() });
    }, endMs);
    const end = (outcome: ServiceCommandEnd) => {
      clearTimeout(timer);
      done(outcome);
    };
    child.once('error', (error) => end(notStarted(program, error)));
    child.once('close', (status) => end({ status: status ?? 1, output: output.trim() }));
  });
}

function runDetached({ words: [program, ...args] }: ServiceCommand, env: Environment): Promise<ServiceCommandEnd> {
  const child = spawn(program, args, { env, detached: true, stdio: 'ignore', cwd: '/', windowsHide: true });
  return new Promise((done) => {
    child.once('error', (error) => done(notStarted(program, error)));
    child.once('spawn', () => {
      child.unref();
      done({ status: 0, output: '' });
    });
  });
}

function notStarted(program: string, error: Error): ServiceCommandEnd {
  return errorCode(error) === 'ENOENT'
    ? { status: 127, output: `${program}: there is no such program` }
    : { status: 126, output: error.message };
}
