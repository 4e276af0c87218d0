// Ends what never ends by itself: a loop as well as a promise.

import { createContext, Script } from 'node:vm';

export interface TimeLimit {
  /** Throws when the work has not returned after `ms`. */
  readonly ofWork: (ms: number, work: () => void) => void;
  /** Rejects when the promise has not settled after `ms`. */
  readonly ofPromise: <T>(ms: number, promise: Promise<T>) => Promise<T>;
}

export function createTimeLimit(): TimeLimit {
  const place: { work: () => void } = { work: () => undefined };
  const context = createContext(place);
  const script = new Script('work()');
  return {
    ofWork: (ms, work) => {
      place.work = work;
      script.runInContext(context, { timeout: ms });
    },
    ofPromise: async (ms, promise) => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`no end after ${ms} ms`)), ms);
      });
      try {
        return await Promise.race([promise, late]);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
