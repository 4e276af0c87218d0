// What an undo must lead back to when an edit of several files begins where an earlier one was interrupted. Pure.

import { type EditRecord, isUnedited } from './edit-record.ts';
import { type Undoing, undoEdit } from './undo-edit.ts';

/** One file as it is now. */
export interface FileText {
  readonly path: string;
  readonly text: string;
}

/**
 * The texts as they were before the earlier edit, if that changed some of the files and left others as they were; else as they are now:
 * after an edit that was finished, the way back leads to what the person made of it.
 */
export function originalTexts(now: readonly FileText[], earlier: readonly EditRecord[], undoing: Undoing): readonly FileText[] {
  const recordOf = ({ path }: FileText) => earlier.find((record) => record.path === path);
  const isLeftOut = (file: FileText) => {
    const record = recordOf(file);
    const isChanging = record?.steps.some((step) => !('keep' in step)) === true;
    return isChanging && isUnedited(file.text, record);
  };
  if (!now.some(isLeftOut)) return now;
  return now.map((file) => {
    const record = isLeftOut(file) ? undefined : recordOf(file);
    return { path: file.path, text: (record && undoEdit(file.text, record, undoing)) ?? file.text };
  });
}
