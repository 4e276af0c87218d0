// A person's place on each system, for tests of what a service there is made of.

import type { ServiceSurroundings, SystemdSurroundings } from '../../src/ports/service.ts';
import type { ServicePlace } from '../../src/service/service-plan.ts';

export function systemdOf(home: string, changes: Partial<SystemdSurroundings> = {}): ServiceSurroundings {
  return { systemd: { unitPath: [`${home}/.config/systemd/user`], canPrivateUsers: true, lingers: false, ...changes } };
}

export function linuxPlace(changes: Partial<ServicePlace> = {}): ServicePlace {
  const home = changes.home ?? '/home/alice';
  return {
    platform: 'linux',
    uid: 1000,
    home,
    program: ['/usr/bin/node', '/usr/local/lib/rolekeeper/dist/rolekeeper'],
    stateDirectory: `${home}/.local/state/rolekeeper`,
    socketPath: '/run/user/1000/rolekeeper/agent.sock',
    env: {},
    surroundings: systemdOf(home),
    ...changes,
  };
}

export function macPlace(changes: Partial<ServicePlace> = {}): ServicePlace {
  return {
    ...linuxPlace(),
    platform: 'darwin',
    uid: 501,
    home: '/Users/alice',
    program: ['/opt/homebrew/bin/node', '/Users/alice/.local/bin/rolekeeper'],
    stateDirectory: '/Users/alice/Library/Application Support/rolekeeper',
    socketPath: '/Users/alice/Library/Application Support/rolekeeper/agent.sock',
    surroundings: {},
    ...changes,
  };
}

export function windowsPlace(changes: Partial<ServicePlace> = {}): ServicePlace {
  return {
    ...linuxPlace(),
    platform: 'win32',
    uid: undefined,
    home: 'C:\\Users\\alice',
    program: ['C:\\Program Files\\nodejs\\node.exe', 'C:\\Users\\alice\\AppData\\Local\\rolekeeper\\dist\\rolekeeper'],
    stateDirectory: 'C:\\Users\\alice\\AppData\\Local\\rolekeeper',
    socketPath: '\\\\.\\pipe\\rolekeeper',
    env: { USERNAME: 'alice', USERDOMAIN: 'CORP', SystemRoot: 'C:\\Windows' },
    surroundings: {},
    ...changes,
  };
}
