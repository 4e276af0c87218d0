// What the fuzzer needs of each place where bytes from outside come in.

export interface Target {
  readonly name: string;
  /** Pieces of the language, for the mutations. */
  readonly tokens: readonly string[];
  /** Every ending that `check` can have. A run in which one of them is missing was too tame or too wild. */
  readonly endings: readonly string[];
  readonly open: () => OpenTarget | Promise<OpenTarget>;
}

export interface OpenTarget {
  /** Hands the input to our code and judges what came of it. Returns which ending it was; throws for a fault. */
  readonly check: (input: Buffer) => string | Promise<string>;
  readonly close: () => void | Promise<void>;
}

/** For what holds nothing that has to be closed. */
export function pureTarget(target: Omit<Target, 'open'> & Pick<OpenTarget, 'check'>): Target {
  const { check, ...rest } = target;
  return { ...rest, open: () => ({ check, close: () => undefined }) };
}

/** Throws unless the claim is true. Its words are for whoever finds the input. */
export function must(claim: boolean, words: string): asserts claim {
  if (!claim) throw new Error(`it does not hold that ${words}`);
}
