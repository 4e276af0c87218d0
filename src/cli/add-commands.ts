// What a group of commands is given: the parser to be added to, and the ways to run a command.

import type { Argv } from 'yargs';
import type { Wiring } from '../wiring.ts';

/** Adds commands to the parser. Each is loaded when it is chosen. */
export type AddCommands = (yargs: Argv<{ debug: boolean }>, ways: Ways) => void;

export interface Ways {
  readonly run: RunCommand;
  /** For a command that changes store, state or files: an agent must not answer from before, however the command ended. */
  readonly runChanging: RunCommand;
  /** For a login: one that failed took nothing away, so an agent that cannot look into the store may go on with what it has. */
  readonly runLogin: RunCommand;
  /** For a command that puts newer credentials where older ones are. */
  readonly runRefreshing: RunCommand;
  /** Of this program. */
  readonly version: string;
}

/** The work returns the exit status; nothing is 0. */
export type RunCommand = (debug: boolean, work: (wiring: Wiring) => Promise<number | undefined>) => Promise<void>;
