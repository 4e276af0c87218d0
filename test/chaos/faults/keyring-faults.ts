// The keyring's daemon is locked, frozen, gone, or started anew.

import type { BeginFault } from '../scene.ts';

export const locked: BeginFault = async ({ chaos: { bus } }) => {
  bus.lock();
  // Only a dialog unlocks a running gnome-keyring; its next start reads the password.
  return { what: 'locked', end: () => bus.restartKeyring() };
};

export const frozen: BeginFault = async ({ chaos: { bus } }) => {
  bus.freeze();
  return { what: 'frozen', end: async () => bus.thaw() };
};

export const gone: BeginFault = async ({ chaos: { bus } }) => {
  await bus.killKeyring();
  return { what: 'killed', end: () => bus.restartKeyring() };
};

export const restarted: BeginFault = async ({ chaos: { bus } }) => {
  await bus.restartKeyring();
  return { what: 'killed and started', end: async () => undefined };
};
