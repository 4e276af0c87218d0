// Rings every 15 seconds, by node-cron: the only file that knows it. In UTC, since a local time zone can leave out an hour in autumn.

import { createTask } from 'node-cron';
import type { Bell, Log } from '../ports.ts';

const everyFifteenSeconds = '*/15 * * * * *';

/** Slots missed in a sleep come one by one from node-cron, at once; they make one ring. */
export function createBell(log: Log): Bell {
  return {
    start(onRing) {
      let isCatchingUp = false;
      const ring = async (): Promise<void> => {
        isCatchingUp = false;
        await onRing();
      };
      const task = createTask(everyFifteenSeconds, ring, {
        timezone: 'Etc/UTC',
        noOverlap: true,
        logger: quietLogger(log),
        suppressMissedWarning: true,
      });
      task.on('execution:missed', () => {
        if (isCatchingUp) return;
        isCatchingUp = true;
        setImmediate(() => void ring());
      });
      void task.start();
      return () => void task.destroy();
    },
  };
}

// node-cron's own logger writes to stdout, which belongs to callers.
function quietLogger(log: Log) {
  const said = (message: string | Error) => log.event('bell', { problem: String(message) });
  return { info: said, warn: said, error: said, debug: () => undefined };
}
