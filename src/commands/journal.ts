// How to take back what was done, step by step, newest first. Keeps it in memory only.

export interface Journal {
  /** Before the step is done, unless nothing of it is left when it fails. */
  note(takeBack: () => Promise<void> | void): void;
  /** Stops, and throws, at the first step that cannot be taken back: what was done before that one stays, as after a crash there. */
  takeBack(): Promise<void>;
}

export function openJournal(): Journal {
  const steps: (() => Promise<void> | void)[] = [];
  return {
    note: (takeBack) => void steps.push(takeBack),
    takeBack: async () => {
      for (let step = steps.pop(); step !== undefined; step = steps.pop()) await step();
    },
  };
}
