// What `setup` was asked for, and what it works with. Types only.

import type { Terminal } from '../ports/person.ts';
import type { SetupSide, Wiring } from '../wiring.ts';
import type { Journal } from './journal.ts';
import type { Asked } from './setup-questions.ts';
import type { UninstallPorts } from './uninstall.ts';

export interface SetupOptions {
  readonly profile: string | undefined;
  readonly prove: string | undefined;
  readonly accessKeyId: string | undefined;
  readonly region: string | undefined;
  /** An ARN, or `none`. */
  readonly mfaSerial: string | undefined;
  readonly store: string | undefined;
  readonly ageKeyFile: string | undefined;
  readonly code: string | undefined;
  readonly isInstalling: boolean;
  readonly isDryRun: boolean;
  readonly isYes: boolean;
  /** This program's. */
  readonly version: string;
}

export interface SetupSides extends SetupSide {
  readonly wiring: Wiring;
  readonly ports: UninstallPorts;
  readonly home: string;
  readonly asked: Asked;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly journal: Journal;
}
