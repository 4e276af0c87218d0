// What `rolekeeper agent` can do. Apart from the command itself, since the command line names them before it loads anything.

export const agentActions = ['run', 'start', 'stop', 'restart', 'status'] as const;
export type AgentAction = (typeof agentActions)[number];
