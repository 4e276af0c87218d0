// The system's own manager of background programs, and the files it reads. Types only.

/** One command of a service's plan: a program and its arguments, no shell. */
export interface ServiceCommand {
  readonly words: readonly [string, ...string[]];
  /** Its failure means nothing: what it stops may not be running. */
  readonly mayFail?: boolean;
  /** Runs on when this process has ended. */
  readonly isDetached?: boolean;
  /** Ends it after this time; 30 s without. */
  readonly endMs?: number;
}

/** What a machine offers for services of a user. */
export interface ServiceSurroundings {
  /** Undefined where no user manager of systemd answers. */
  readonly systemd?: SystemdSurroundings;
}

export interface SystemdSurroundings {
  /** The directories where the manager looks for units. */
  readonly unitPath: readonly string[];
  /** Whether a user service may have a user namespace, and with it a file system of its own. */
  readonly canPrivateUsers: boolean;
  /** Whether the manager runs without a login; undefined when nobody can tell. */
  readonly lingers: boolean | undefined;
}

/** The system's own manager of background programs: systemd, launchd, the Task Scheduler, or none. */
export interface ServiceManager {
  surroundings(): Promise<ServiceSurroundings>;
  /**
   * Never throws for what the command does; ends within 30 s, or its own time, even if the program does not. One that is not there has
   * status 127. Times that it prints are in UTC.
   */
  run(command: ServiceCommand): Promise<ServiceCommandEnd>;
}

export interface ServiceCommandEnd {
  readonly status: number;
  /** Both streams, for messages. */
  readonly output: string;
}

/** Files in the user's own places that install makes and uninstall removes. */
export interface ServiceFiles {
  /** Undefined when there is no such file. UTF-8, or UTF-16 behind a byte order mark. Throws `config-unreadable`. */
  read(path: string): string | undefined;
  /** As TextFiles.replace promises. */
  write(file: ServiceFile, expected: string | undefined): void;
  /** If it still is what was expected, else throws `config-unwritable`. */
  remove(path: string, expected: string): void;
  /** Links, sockets and empty files, without a word when there is none; never a file with something in it. */
  removeTrace(path: string): void;
  /** The directories on the way to these files that are not there yet, outer ones first. */
  missingDirectories(paths: readonly string[]): readonly string[];
  /** Those that are empty; inner ones first. */
  removeEmptyDirectories(directories: readonly string[]): void;
}

export interface ServiceFile {
  readonly path: string;
  readonly text: string;
  readonly encoding: 'utf-8' | 'utf-16';
}

/** What install made, for the next install and for uninstall. */
export interface ServiceRecord {
  readonly kind: string;
  readonly mode: string;
  readonly files: readonly RecordedFile[];
  /** Directories that had to be made, outer ones first. */
  readonly directories: readonly string[];
  /** The files that the service runs; undefined in a record that does not say. */
  readonly program?: readonly string[];
}

export interface RecordedFile {
  readonly path: string;
  /** Every text of ours that may be there, the newest last: while an upgrade is under way it may be the old one or the new one. */
  readonly texts: readonly string[];
}

export interface ServiceRecords {
  /** Where it lies. */
  readonly path: string;
  /** Undefined when there is none, or none that can be understood. Throws `config-unreadable`, `format-newer`. */
  read(): ServiceRecord | undefined;
  /** Throws `state-unwritable`, `foreign-owner`. */
  keep(record: ServiceRecord): void;
  forget(): void;
}
