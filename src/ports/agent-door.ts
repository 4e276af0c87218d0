// The agent, seen from a command. Types only.

/** What a running agent says of itself. */
export interface AgentStatus {
  readonly version: string;
  readonly pid?: number;
}

/** The agent, seen from a command. */
export interface AgentDoor {
  /** Undefined when no agent of this home answers in time. With socket activation, asking starts it. */
  readonly askAgent: () => Promise<AgentStatus | undefined>;
  /** True where the agent of another home, or another state directory, has the place. */
  readonly hasOthersAgent: () => Promise<boolean>;
  /** Asks the agent of this home to end; no agent, no word. */
  readonly stopAgent: () => Promise<void>;
}
