// What happens to each file of a service, by what is there and what was made before. Pure.

import type { RecordedFile, ServiceFile, ServiceRecord } from '../ports/service.ts';
import type { ServicePlan } from './service-plan.ts';

export type FileChange =
  /** It is there already, as it should be. */
  | { readonly kind: 'keep'; readonly file: ServiceFile }
  | { readonly kind: 'create'; readonly file: ServiceFile }
  /** What is there was made by an earlier install. */
  | { readonly kind: 'update'; readonly file: ServiceFile; readonly current: string }
  /** What is there was written or changed by somebody else. */
  | { readonly kind: 'overwrite'; readonly file: ServiceFile; readonly current: string }
  /** Made by an earlier install, and needed no more. */
  | { readonly kind: 'remove'; readonly path: string; readonly current: string }
  /** The same, changed since by somebody else; `ours` is what it was. */
  | { readonly kind: 'remove-changed'; readonly path: string; readonly current: string; readonly ours: string };

/** `read` gives what is there now. */
export function installChanges(
  plan: ServicePlan,
  record: ServiceRecord | undefined,
  read: (path: string) => string | undefined,
): readonly FileChange[] {
  const planned = new Set(plan.files.map(({ path }) => path));
  return [
    ...plan.files.map((file) => fileChange(file, textsFor(file.path, record), read(file.path))),
    ...removalChanges(record?.files.filter(({ path }) => !planned.has(path)) ?? [], read),
  ];
}

export function removalChanges(
  files: readonly RecordedFile[],
  read: (path: string) => string | undefined,
): readonly FileChange[] {
  return files.flatMap(({ path, texts }): readonly FileChange[] => {
    const current = read(path);
    if (current === undefined) return [];
    if (texts.includes(current)) return [{ kind: 'remove', path, current }];
    return [{ kind: 'remove-changed', path, current, ours: texts.at(-1) ?? '' }];
  });
}

/** The record to keep while the changes are made: both the old texts and the new ones are ours. */
export function recordDuring(
  plan: ServicePlan,
  before: ServiceRecord | undefined,
  directories: readonly string[],
): ServiceRecord {
  const added = plan.files.map(({ path, text }) => ({ path, texts: [...textsFor(path, before), text] }));
  const others = before?.files.filter(({ path }) => !plan.files.some((file) => file.path === path)) ?? [];
  return {
    kind: plan.kind,
    mode: plan.mode,
    files: [...others, ...added],
    directories: allDirectories(before, directories),
  };
}

/** The record once they are made. Of a file that somebody else keeps (`left`), what was ours before still is, and nothing more. */
export function recordAfter(
  plan: ServicePlan,
  {
    before,
    directories,
    left,
  }: {
    readonly before: ServiceRecord | undefined;
    readonly directories: readonly string[];
    readonly left: readonly FileChange[];
  },
): ServiceRecord {
  const leftPaths = new Set(left.map(pathOf));
  const made = plan.files.filter(({ path }) => !leftPaths.has(path)).map(({ path, text }) => ({ path, texts: [text] }));
  const kept = before?.files.filter(({ path }) => leftPaths.has(path)) ?? [];
  return { kind: plan.kind, mode: plan.mode, files: [...kept, ...made], directories: allDirectories(before, directories) };
}

export function pathOf(change: FileChange): string {
  return 'file' in change ? change.file.path : change.path;
}

function allDirectories(before: ServiceRecord | undefined, directories: readonly string[]): readonly string[] {
  return [...new Set([...(before?.directories ?? []), ...directories])];
}

function fileChange(file: ServiceFile, ours: readonly string[], current: string | undefined): FileChange {
  if (current === undefined) return { kind: 'create', file };
  if (current === file.text) return { kind: 'keep', file };
  return ours.includes(current) ? { kind: 'update', file, current } : { kind: 'overwrite', file, current };
}

function textsFor(path: string, record: ServiceRecord | undefined): readonly string[] {
  return record?.files.find((file) => file.path === path)?.texts ?? [];
}
