// The environment of a process, as it is handed around. Types only.

export type Environment = Readonly<Record<string, string | undefined>>;
