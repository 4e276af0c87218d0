// What `rolekeeper mfa` can do; for the command line, which does not load the command to show its help.

export const mfaActions = ['add', 'remove'] as const;
export type MfaAction = (typeof mfaActions)[number];
