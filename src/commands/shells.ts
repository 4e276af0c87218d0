// The shells that `rolekeeper env` writes for; bash and zsh read what sh does. A file of its own, so that the command line knows them without loading the command.

export const shells = ['sh', 'bash', 'zsh', 'fish', 'powershell', 'dotenv'] as const;
export type Shell = (typeof shells)[number];
