// The service as units of systemd's user manager: a socket and its agent, or a timer. Pure.

import { join } from 'node:path/posix';
import { AppError } from '../errors.ts';
import type { Environment } from '../ports/environment.ts';
import type { ServiceCommand, ServiceFile, SystemdSurroundings } from '../ports/service.ts';
import { carriedEnvironment, refuseControls } from './carried-environment.ts';
import { dropGroup, fillTemplate, keepGroup } from './fill-template.ts';
import { mayFail, type ServiceMode, type ServicePlace, type ServicePlan, type ServiceRemoval } from './service-plan.ts';
import { templates } from './templates.ts';

/** Throws `usage` when the user manager reads its units elsewhere, and for paths that no unit can hold. */
export function planSystemd(mode: ServiceMode, place: ServicePlace, systemd: SystemdSurroundings): ServicePlan {
  const directory = unitDirectory(place, systemd);
  const carried = carriedEnvironment(place.env);
  const unit = (name: string, text: string): ServiceFile => ({ path: join(directory, name), text, encoding: 'utf-8' });
  const service = (template: string, args: readonly string[]) =>
    fillTemplate(grouped(template, systemd), {
      exec: execLine([...place.program, ...args]),
      environment: carried.variables.map(([name, value]) => `Environment=${quoted(`${name}=${value}`)}`).join('\n'),
      ...(systemd.canPrivateUsers ? { writable: writablePaths(place), temporary: temporaryLine(place) } : {}),
    });
  const notes = [...carried.notes, ...sandboxNotes(systemd), ...lingerNotes(mode, systemd)];
  if (mode === 'timer') {
    return {
      ...systemdRemoval(mode, directory, place),
      kind: 'systemd',
      mode,
      files: [
        unit('rolekeeper-refresh.timer', templates.refreshTimer),
        unit('rolekeeper-refresh.service', service(templates.refreshService, ['refresh', '--due', '--quiet'])),
      ],
      start: startCommands(mode),
      // Proves that the sandbox lets it run, and brings what is due up to date.
      verify: [systemctl('is-active', '--quiet', 'rolekeeper-refresh.timer'), systemctl('start', 'rolekeeper-refresh.service')],
      notes,
      whereToLook: 'journalctl --user -u rolekeeper-refresh.service',
    };
  }
  return {
    ...systemdRemoval(mode, directory, place),
    kind: 'systemd',
    mode,
    files: [
      unit('rolekeeper.socket', fillTemplate(templates.agentSocket, { socket: socketLine(place) })),
      unit('rolekeeper.service', service(templates.agentService, ['agent', 'run'])),
    ],
    start: startCommands(mode),
    verify: [systemctl('is-active', '--quiet', 'rolekeeper.socket')],
    notes,
    whereToLook: 'journalctl --user -u rolekeeper.service',
  };
}

/** For units in this directory, whoever wrote them. */
export function systemdRemoval(
  mode: ServiceMode,
  directory: string,
  { home, env }: Pick<ServicePlace, 'home' | 'env'>,
): ServiceRemoval {
  const { enabled, service, target } = unitNames[mode];
  return {
    stop: [mayFail(systemctl('disable', '--now', enabled)), mayFail(systemctl('stop', service))],
    traces: [join(directory, target, enabled), ...(mode === 'timer' ? timerStamps(home, env) : [])],
    settle: [mayFail(systemctl('daemon-reload')), mayFail(systemctl('reset-failed', enabled, service))],
  };
}

/** Words as ExecStart takes them: no shell, no specifier, no variable. Throws `usage` for what systemd refuses. */
export function execLine([program = '', ...args]: readonly string[]): string {
  if (/["'\\]/.test(program)) {
    const problem = `systemd cannot run a program whose path has quotes or backslashes: ${program}`;
    throw new AppError('usage', { problem, hint: 'put node in another directory' });
  }
  // systemd puts variables into the arguments, not into the path of the program (systemd.service(5), COMMAND LINES).
  return [quoted(program), ...args.map((word) => quoted(word).replaceAll('$', '$$$$'))].join(' ');
}

/** systemd.syntax(7), QUOTING; `%` is the mark of specifiers (systemd.unit(5)). */
function quoted(word: string): string {
  const text = refuseControls(word, 'a path').replaceAll('%', '%%');
  return /^[\w\-./%:=@+,]+$/.test(text) ? text : `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** The path as it stands, without quotes: ListenStream knows none. */
function socketLine({ socketPath, uid }: ServicePlace): string {
  if (socketPath === `/run/user/${uid ?? ''}/rolekeeper/agent.sock`) return '%t/rolekeeper/agent.sock';
  return refuseControls(socketPath, 'the path of the socket').replaceAll('%', '%%');
}

/** `-`: a directory that is not there yet must not keep the service from starting. */
function writablePaths({ stateDirectory, env }: ServicePlace): string {
  const items = env['ROLEKEEPER_AGE_DIR'];
  const directories = [stateDirectory, ...(items?.startsWith('/') ? [items] : [])];
  return directories.map((directory) => quoted(`-${directory}`)).join(' ');
}

/** A /tmp of its own would hide what lies in the real one. */
function temporaryLine({ program, home, stateDirectory, env }: ServicePlace): string {
  const used = [...program, home, stateDirectory, ...carriedEnvironment(env).variables.map(([, value]) => value)];
  return used.some((path) => /^\/(var\/)?tmp\//.test(path)) ? '' : 'PrivateTmp=yes';
}

const missingGroup = 'PrivateUsers and what hangs on it were left out: this system refuses it.';

function grouped(template: string, { canPrivateUsers }: SystemdSurroundings): string {
  return canPrivateUsers ? keepGroup(template, 'private-users') : dropGroup(template, 'private-users', missingGroup);
}

function sandboxNotes({ canPrivateUsers }: SystemdSurroundings): readonly string[] {
  if (canPrivateUsers) return [];
  return [
    'this system refuses PrivateUsers to user services: the service runs without a read-only file system and a /tmp of its own;' +
      ' what its other settings forbid stays forbidden',
  ];
}

function lingerNotes(mode: ServiceMode, { lingers }: SystemdSurroundings): readonly string[] {
  if (lingers === true) return [];
  return [
    `the ${mode === 'timer' ? 'timer' : 'agent'} runs while you are logged in; \`loginctl enable-linger\` would keep it running without a login` +
      ' (for jobs on a server; the store must then open without you). It was not switched on',
  ];
}

/** The manager has an environment of its own: what counts is where it looks. */
function unitDirectory({ home, env }: ServicePlace, { unitPath }: SystemdSurroundings): string {
  const configHome = env['XDG_CONFIG_HOME'];
  const usual = join(home, '.config', 'systemd', 'user');
  const candidates = configHome?.startsWith('/') ? [join(configHome, 'systemd', 'user'), usual] : [usual];
  const found = candidates.find((path) => unitPath.includes(path));
  if (found !== undefined) return refuseControls(found, 'HOME');
  const problem = `systemd's user manager does not look for units in ${candidates.join(' or ')}`;
  throw new AppError('usage', {
    problem,
    hint: 'is HOME yours? see `systemctl --user show --property=UnitPath`',
  });
}

/** What `Persistent=yes` keeps (systemd.timer(5)); which of the two the manager takes depends on its own environment. */
function timerStamps(home: string, env: Environment): readonly string[] {
  const dataHome = env['XDG_DATA_HOME'];
  const places = [join(home, '.local', 'share'), ...(dataHome?.startsWith('/') ? [dataHome] : [])];
  return places.map((place) => join(place, 'systemd', 'timers', 'stamp-rolekeeper-refresh.timer'));
}

function startCommands(mode: ServiceMode): readonly ServiceCommand[] {
  const { enabled, service } = unitNames[mode];
  return [
    systemctl('daemon-reload'),
    // A socket cannot be set up anew while its service runs.
    systemctl('stop', service),
    systemctl('enable', enabled),
    systemctl('restart', enabled),
  ];
}

/** What is enabled, what that starts, and who wants it. */
export const unitNames = {
  agent: { enabled: 'rolekeeper.socket', service: 'rolekeeper.service', target: 'sockets.target.wants' },
  timer: { enabled: 'rolekeeper-refresh.timer', service: 'rolekeeper-refresh.service', target: 'timers.target.wants' },
} as const;

function systemctl(...args: readonly string[]): ServiceCommand {
  return { words: ['systemctl', '--user', ...args] };
}
