// Rings every 15 seconds, by node-cron: the only file that knows it. In UTC, since a local time zone can leave out an hour in autumn.

import { createTask } from 'node-cron';
import type { Log } from '../ports/log.ts';
import type { Bell } from '../ports/time.ts';

const everyFifteenSeconds = '*/15 * * * * *';
/** Two slots and a little: node-cron is waiting for a slot that is far away by now. */
const silentMs = 31_000;
const watchEveryMs = 15_000;

/** Slots missed in a sleep come one by one from node-cron, at once; they make one ring. */
export function createBell(log: Log): Bell {
  return {
    start(onRing) {
      let [isRinging, isStopped] = [false, false];
      let beatAtMs = performance.now();
      const beat = async (): Promise<void> => {
        beatAtMs = performance.now();
        // Not node-cron's `noOverlap`, which does not count the ring for what was missed.
        if (isRinging || isStopped) return;
        isRinging = true;
        try {
          await onRing();
        } catch (error) {
          log.event('bell', { problem: String(error) });
        } finally {
          isRinging = false;
        }
      };
      let task = createStartedTask(beat, log);
      // It plans the next slot by the wall clock; set back by two hours, it would be silent for two hours.
      const watch = setInterval(() => {
        if (performance.now() - beatAtMs < silentMs) return;
        void task.destroy();
        task = createStartedTask(beat, log);
        void beat();
      }, watchEveryMs);
      return () => {
        isStopped = true;
        clearInterval(watch);
        void task.destroy();
      };
    },
  };
}

function createStartedTask(beat: () => Promise<void>, log: Log) {
  const task = createTask(everyFifteenSeconds, beat, {
    timezone: 'Etc/UTC',
    logger: quietLogger(log),
    suppressMissedWarning: true,
  });
  task.on('execution:missed', beat);
  void task.start();
  return task;
}

// node-cron's own logger writes to stdout, which belongs to callers.
function quietLogger(log: Log) {
  const said = (message: string | Error) => log.event('bell', { problem: String(message) });
  return { info: said, warn: said, error: said, debug: () => undefined };
}
