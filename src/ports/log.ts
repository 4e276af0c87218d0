// Events for whoever looks for the reason. Types only.

/** Events for `--debug`: one line each, never a secret. */
export interface Log {
  event(name: string, fields: Readonly<Record<string, string | number | boolean>>): void;
}
