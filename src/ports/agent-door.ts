// The agent, seen from a command. Types only.

/** What a running agent says of itself. */
export interface AgentStatus {
  readonly version: string;
  readonly pid?: number;
}

/** The agent, seen from a command. */
export interface AgentDoor {
  /** Undefined when no agent answers in time. With socket activation, asking starts it. */
  readonly askAgent: () => Promise<AgentStatus | undefined>;
  /** Asks the agent to end; no agent, no word. */
  readonly stopAgent: () => Promise<void>;
}
