// The program with fault points (src/refresh/fault-point.ts), which the built one has not: held after a step, and killed there.

import process from 'node:process';
import type { FaultPoint } from '../../src/refresh/fault-point.ts';
import { Bundles } from './bundle-module.ts';
import { until } from './session-bus.ts';
import type { Ran, RunOptions, World } from './world.ts';

/** Of a loaded machine; the program is held at its step for as long. */
const patienceMs = 60_000;

export class FaultyProgram {
  readonly #bundles = new Bundles();
  /** To be run by Node. */
  readonly path = this.#bundles.add('src/main.ts', { define: { FAULT_POINTS: 'true', ROLEKEEPER_VERSION: '"test"' } });

  get directory(): string {
    return this.#bundles.directory;
  }

  /** `rolekeeper …` until the step is done; then SIGKILL. */
  async killAt(step: FaultPoint, args: readonly string[], world: World, { env = {} }: RunOptions = {}): Promise<Ran> {
    const { child, ended } = world.startCommand(process.execPath, [this.path, ...args], { env: { ...env, FAULT_POINT: step } });
    let said = '';
    child.stderr?.on('data', (chunk: string) => {
      said += chunk;
    });
    await until(() => said.includes(`fault-point: ${step}\n`), `the step: ${step}`, patienceMs);
    child.kill('SIGKILL');
    return await ended;
  }

  close(): void {
    this.#bundles.close();
  }
}
