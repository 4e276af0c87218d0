// Which pieces of our code have run, by V8's own counts: what tells the fuzzer that an input did something new.

import { type Profiler, Session } from 'node:inspector';

export interface Coverage {
  /** True when code ran since the last call that had never run before. */
  readonly hasGrown: () => boolean;
  /** Forgets what was seen, or only what was seen since it was made. */
  readonly mark: () => () => void;
  readonly close: () => void;
}

/** Counts in the scripts whose URL begins so. */
export function startCoverage(urlStart: string): Coverage {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  let unseen = new Map<string, readonly Stretch[]>();
  const look = (one: Profiler.FunctionCoverage, script: string): boolean => {
    const [whole, ...inner] = one.ranges;
    if (whole === undefined || whole.count === 0) return false;
    const key = `${script} ${whole.startOffset}`;
    const before = unseen.get(key) ?? [{ from: whole.startOffset, to: whole.endOffset }];
    const idle = inner
      .filter(({ count }) => count === 0)
      .map(({ startOffset, endOffset }) => ({ from: startOffset, to: endOffset }));
    const after = before.flatMap((stretch) => idle.flatMap((other) => common(stretch, other)));
    unseen.set(key, after);
    return lengthOf(after) < lengthOf(before);
  };
  return {
    hasGrown: () => {
      let isNew = false;
      session.post('Profiler.takePreciseCoverage', (_error, { result }) => {
        for (const { url, scriptId, functions } of result.filter(({ url }) => url.startsWith(urlStart)))
          for (const one of functions) isNew = look(one, `${scriptId} ${url}`) || isNew;
      });
      return isNew;
    },
    mark: () => {
      const marked = new Map(unseen);
      return () => {
        unseen = new Map(marked);
      };
    },
    close: () => session.disconnect(),
  };
}

interface Stretch {
  readonly from: number;
  readonly to: number;
}

function common(a: Stretch, b: Stretch): readonly Stretch[] {
  const [from, to] = [Math.max(a.from, b.from), Math.min(a.to, b.to)];
  return from < to ? [{ from, to }] : [];
}

function lengthOf(stretches: readonly Stretch[]): number {
  return stretches.reduce((sum, { from, to }) => sum + to - from, 0);
}
