// Every place where bytes from outside come in, but for the native front, which has a fuzzer of its own (front-fuzz.c). Loaded one by one: what
// V8 counts for the fuzzer should be the target's code alone.

import type { Target } from './target.ts';

export const targets: Readonly<Record<string, () => Promise<Target>>> = {
  config: async () => (await import('./targets/config.ts')).configTarget,
  'config-edit': async () => (await import('./targets/config-edit.ts')).configEditTarget,
  wire: async () => (await import('./targets/wire.ts')).wireTarget,
  connection: async () => (await import('./targets/connection.ts')).connectionTarget,
  items: async () => (await import('./targets/items.ts')).itemsTarget,
  state: async () => (await import('./targets/state.ts')).stateTarget,
  sts: async () => (await import('./targets/sts.ts')).stsTarget,
  'mfa-process': async () => (await import('./targets/mfa-process.ts')).mfaProcessTarget,
  'saml-assertion': async () => (await import('./targets/saml-assertion.ts')).samlAssertionTarget,
  'machine-document': async () => (await import('./targets/machine-document.ts')).machineDocumentTarget,
  'listen-fds': async () => (await import('./targets/listen-fds.ts')).listenFdsTarget,
};
