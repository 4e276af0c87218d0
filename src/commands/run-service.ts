// Runs the commands of a service's plan, one after the other.

import { AppError } from '../errors.ts';
import type { ServiceCommand, ServiceManager } from '../ports/service.ts';
import { shellWord } from '../shell-word.ts';

/** Throws `service-failed` at the first that fails and may not. `hint` is how to find out more, or to take it back. */
export async function runService(commands: readonly ServiceCommand[], manager: ServiceManager, hint: string): Promise<void> {
  for (const command of commands) {
    const { status, output } = await manager.run(command);
    if (status === 0 || command.mayFail === true) continue;
    const problem = output.split('\n').find((line) => line.trim() !== '') ?? `it ended with status ${status}`;
    throw new AppError('service-failed', { doing: `\`${command.words.map(shellWord).join(' ')}\` failed`, problem, hint });
  }
}
