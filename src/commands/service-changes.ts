// Makes one change to a file of the service.

import type { ServiceFiles } from '../ports/service.ts';
import type { FileChange } from '../service/file-changes.ts';

/** Throws `config-unwritable` when the file has changed since the plan was made; then nothing is written. */
export function applyChange(change: FileChange, files: ServiceFiles): void {
  switch (change.kind) {
    case 'keep':
      break;
    case 'create':
      files.write(change.file, undefined);
      break;
    case 'update':
    case 'overwrite':
      files.write(change.file, change.current);
      break;
    case 'remove':
    case 'remove-changed':
      files.remove(change.path, change.current);
      break;
    default:
      change satisfies never;
  }
}
