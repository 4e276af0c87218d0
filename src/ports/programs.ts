// Programs of the person's. Types only.

/** Programs of the person's that the configuration names. */
export interface Programs {
  /**
   * What the command prints to stdout, run through the shell as the line stands in the config. Throws `program-failed`, with the end of
   * what it said on stderr.
   */
  output(run: ProgramRun): Promise<string>;
}

export interface ProgramRun {
  readonly command: string;
  /** The name of the setting, and what its command should print: for messages. */
  readonly setting: string;
  readonly wanted: 'code' | 'credentials' | 'token' | 'assertion';
  /** Marks the child, so that a command that leads back to rolekeeper for the same profile is refused there. */
  readonly profile: string;
  /** Ends it, and all that it started, after this time. */
  readonly waitMs: number;
  /** In characters. */
  readonly longestOutput: number;
  readonly signal?: AbortSignal;
  /** Its stderr goes to the person, rather than into the error. */
  readonly showsStderr: boolean;
}
