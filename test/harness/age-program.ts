// The plain `age` program, for tests that what we write is its format. It must be there: without it the tests fail, never pass.

import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export function needAge(): void {
  for (const program of ['age', 'age-keygen']) {
    try {
      execFileSync(program, ['--version']);
    } catch (error) {
      throw new Error(`${program} is not installed: apt-get install age`, { cause: error });
    }
  }
}

/** A new key file, made by `age-keygen`. */
export async function keygen(path: string): Promise<{ readonly recipient: string }> {
  await run('age-keygen', ['-o', path]);
  return { recipient: (await run('age-keygen', ['-y', path])).stdout.trim() };
}

/** What `age -d` says; rejects with its words where it says no. */
export async function ageDecrypt(path: string, keyFile: string): Promise<string> {
  return (await run('age', ['-d', '-i', keyFile, path], { maxBuffer: 16 * 1024 * 1024 })).stdout;
}

/** Writes `path`, encrypted by `age`. */
export async function ageEncrypt(path: string, text: string, args: readonly string[]): Promise<void> {
  const running = run('age', [...args, '-o', path]);
  running.child.stdin?.end(text);
  await running;
}

/** Runs `age` on a terminal of its own, where it asks for a passphrase as often as it likes. Rejects with what the terminal showed. */
export async function ageOnTerminal(args: readonly string[], passphrase: string): Promise<void> {
  await run('python3', ['-c', typist, passphrase, ...args]);
}

const typist = `
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp("age", ["age", *sys.argv[2:]])
shown, answered = "", 0
while True:
    try:
        chunk = os.read(terminal, 1024)
    except OSError:
        break
    if not chunk:
        break
    shown += chunk.decode()
    if shown.count("phrase") > answered and shown.rstrip().endswith(":"):
        answered = shown.count("phrase")
        os.write(terminal, sys.argv[1].encode() + b"\\r")
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.exit(0 if status == 0 else shown)
`;
