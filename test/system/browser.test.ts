import { describe, expect, it } from 'vitest';
import { createBrowser } from '../../src/system/browser.ts';

describe('where a browser can be opened', () => {
  it.each([
    ['linux', { DISPLAY: ':0' }, undefined],
    ['linux', { WAYLAND_DISPLAY: 'wayland-0' }, undefined],
    ['linux', { WSL_DISTRO_NAME: 'Debian' }, undefined],
    ['linux', {}, 'there is no display'],
    ['linux', { DISPLAY: ':10', SSH_TTY: '/dev/pts/1' }, 'this is an SSH session'],
    ['darwin', {}, undefined],
    ['darwin', { SSH_CONNECTION: 'a 1 b 2' }, 'this is an SSH session'],
    ['win32', {}, undefined],
  ] as const)('%s with %j', (platform, env, obstacle) => {
    expect(createBrowser(env, platform).obstacle).toBe(obstacle);
  });
});
