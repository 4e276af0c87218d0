// botocore as one side of the comparison: one python process for all cases.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Secret } from '../../src/credentials/secret.ts';
import type { Asked, Outcome, Resolver } from './side.ts';

export function startBotocore(home: string): Resolver {
  const script = fileURLToPath(new URL('theirs.py', import.meta.url));
  // botocore looks up its cache of sign-ins when it is imported.
  const python = spawn('python3', [script], { env: { ...process.env, HOME: home, PYTHONUTF8: '1' } });
  const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
  return {
    resolve: async (asked) => {
      python.stdin.write(`${JSON.stringify(requestOf(asked))}\n`);
      const line = await lines.next();
      if (line.done)
        throw new Error(`python3 with botocore did not answer (apt-get install python3-botocore): ${errorsOf(python)}`);
      return outcomeOf(JSON.parse(line.value));
    },
    close: async () => {
      python.stdin.end();
      await new Promise((resolve) => python.once('close', resolve));
    },
  };
}

function requestOf({ profile, env, codes }: Asked) {
  return { profile, env, codes };
}

function errorsOf({ stderr }: ChildProcessWithoutNullStreams): string {
  return String(stderr.read() ?? '');
}

interface Reply {
  readonly refused?: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | null;
  readonly method: string;
}

function outcomeOf({ refused, accessKeyId, secretAccessKey, sessionToken, method }: Reply): Outcome {
  if (refused !== undefined) return { kind: 'refused', why: refused };
  const caller = {
    accessKeyId,
    secretAccessKey: new Secret(secretAccessKey),
    ...(sessionToken === null ? {} : { sessionToken: new Secret(sessionToken) }),
  };
  return { kind: 'credentials', caller, start: method };
}
