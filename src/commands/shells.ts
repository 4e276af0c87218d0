// The shells that `rolekeeper env` writes for. A file of its own, so that the command line knows them without loading the command.

export const shells = ['sh', 'fish', 'powershell', 'dotenv'] as const;
export type Shell = (typeof shells)[number];
