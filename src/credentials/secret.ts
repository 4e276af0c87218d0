// A value that must never be shown. Prints, inspects and serialises as "[secret]".
// reveal() is for the process JSON, the stored form, the stores and the STS adapter only.

const inspect = Symbol.for('nodejs.util.inspect.custom');
const mask = '[secret]';

export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return mask;
  }

  toJSON(): string {
    return mask;
  }

  [inspect](): string {
    return mask;
  }
}

/** Those that stand among other values. */
export function secretsIn(values: Readonly<Record<string, unknown>>): readonly Secret[] {
  return Object.values(values).filter((value) => value instanceof Secret);
}
