// What botocore makes of config files: one python process for a whole batch.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface BotocoreCase {
  readonly kind: 'config' | 'credentials';
  readonly text: string;
}

export interface BotocoreAnswer {
  /** load_config's map for a config file, raw_config_parse's for a credentials file. */
  readonly parsed?: Readonly<Record<string, unknown>>;
  readonly refused?: string;
}

export interface BotocoreReply {
  readonly answers: readonly BotocoreAnswer[];
  /** What load_config makes of a file with that one header. */
  readonly meanings: readonly unknown[];
}

export function askBotocore(files: readonly BotocoreCase[], headers: readonly string[] = []): BotocoreReply {
  const script = fileURLToPath(new URL('read-with-botocore.py', import.meta.url));
  const run = spawnSync('python3', [script], {
    input: JSON.stringify({ files, headers }),
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    // Python reads files in the locale's encoding; AWS's own clients expect UTF-8.
    env: { ...process.env, PYTHONUTF8: '1' },
  });
  if (run.error !== undefined || run.status !== 0) {
    throw new Error(
      `python3 with botocore did not answer (apt-get install python3-botocore): ${run.error?.message ?? run.stderr}`,
    );
  }
  const reply: BotocoreReply = JSON.parse(run.stdout);
  return reply;
}
