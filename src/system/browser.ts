// The person's web browser. The only importer of `open`, which knows the ways of each system, WSL included.

import open from 'open';
import type { Environment } from '../ports/environment.ts';
import type { Browser } from '../ports/person.ts';

export function createBrowser(env: Environment, platform: NodeJS.Platform): Browser {
  return {
    obstacle: obstacleIn(env, platform),
    open: async (url) => {
      try {
        await open(url);
        return true;
      } catch {
        return false; // whatever stands in the way, the person has the address to open it by hand
      }
    },
  };
}

function obstacleIn(env: Environment, platform: NodeJS.Platform): string | undefined {
  const isSet = (name: string) => (env[name] ?? '') !== '';
  if (['SSH_CONNECTION', 'SSH_CLIENT', 'SSH_TTY'].some(isSet)) return 'this is an SSH session';
  if (platform === 'win32' || platform === 'darwin' || isSet('WSL_DISTRO_NAME')) return undefined;
  return isSet('DISPLAY') || isSet('WAYLAND_DISPLAY') ? undefined : 'there is no display';
}
