// What install and uninstall are about to do, in lines for a person.

import { unifiedDiff } from '../config/unified-diff.ts';
import type { ServiceCommand } from '../ports/service.ts';
import type { FileChange } from '../service/file-changes.ts';

export function changeLine(change: FileChange): string {
  switch (change.kind) {
    case 'keep':
      return `  keep     ${change.file.path} (as it should be)`;
    case 'create':
      return `  write    ${change.file.path}`;
    case 'update':
      return `  replace  ${change.file.path} (made by an earlier install)`;
    case 'overwrite':
      return `  replace  ${change.file.path} (NOT as install left it: only if you say so)`;
    case 'remove':
      return `  remove   ${change.path}`;
    case 'remove-changed':
      return `  remove   ${change.path} (changed since the install: only if you say so)`;
    default:
      return change satisfies never;
  }
}

export function commandLine({ words }: ServiceCommand): string {
  return `  run      ${words.map((word) => (/^[\w\-./:=@+,\\]+$/.test(word) ? word : JSON.stringify(word))).join(' ')}`;
}

/** The file as it will be; of a file that is there, the difference. Empty for one that stays. */
export function shownChange(change: FileChange): string {
  switch (change.kind) {
    case 'keep':
      return '';
    case 'create':
      return unifiedDiff(change.file.path, '', change.file.text);
    case 'update':
    case 'overwrite':
      return unifiedDiff(change.file.path, change.current, change.file.text);
    case 'remove':
      return unifiedDiff(change.path, change.current, '');
    case 'remove-changed':
      return unifiedDiff(change.path, change.ours, change.current);
    default:
      return change satisfies never;
  }
}
