import { describe, expect, it } from 'vitest';
import { parseProfileName } from '../../src/config/names.ts';
import {
  type KeysNote,
  noteBeneath,
  noteOver,
  parseNoteOwner,
  parseUndoNote,
  printUndoNote,
  type UndoNote,
  withEarlier,
} from '../../src/config/undo-note.ts';

const note: UndoNote = {
  command: 'add',
  keys: parseProfileName('corp'),
  records: [{ path: '/c', before: 'b', lines: ['x'], steps: [{ keep: 1 }, { drop: 2 }, { put: 'a\n' }, { copy: 0 }] }],
};

const owner = { profile: parseProfileName('dev'), configPath: '/c' };

describe('parseUndoNote', () => {
  it('parseUndoNote gives back what was printed', () => {
    expect(parseUndoNote(printUndoNote(note, owner), 'n')).toEqual(note);
  });

  it.each(['import', 'add'] as const)('an undo note of %s has its keys and one line', (command) => {
    const text = `{"v":1,"profile":"dev","configPath":"/c","command":"${command}","keys":"corp","records":[]}\n`;
    const written: UndoNote = { command, keys: parseProfileName('corp'), records: [] };
    expect(printUndoNote(written, owner)).toBe(text);
    expect(parseUndoNote(text, 'n')).toStrictEqual(written);
  });

  it('parseUndoNote gives back the note of an adoption, which has no keys', () => {
    const adopted: UndoNote = { command: 'adopt', records: note.records };
    expect(parseUndoNote(printUndoNote(adopted, owner), 'n')).toEqual(adopted);
  });

  it.each([
    '',
    '{"v":1',
    '[]',
    '{"command":"add","keys":"corp","records":[]}',
    '{"v":"2","command":"add","keys":"corp","records":[]}',
    '{"v":1,"command":"add","keys":7,"records":[]}',
    '{"v":0,"command":"add","keys":"corp","records":[]}',
    '{"v":1,"command":"adopt"}',
    '{"v":1,"command":"login","keys":"corp","records":[]}',
    '{"v":1,"command":"add","keys":"","records":[]}',
    '{"v":1,"command":"add","keys":"corp","records":[{}]}',
    '{"v":1,"command":"add","records":[]}',
    '{"v":1,"command":"adopt","records":[{}]}',
    '{"v":1,"command":"adopt","records":[],"earlier":{}}',
    '{"v":1,"command":"adopt","records":[],"earlier":[{"command":"adopt","records":[]}]}',
    '{"v":1,"command":"adopt","records":[],"earlier":[{"command":"import","keys":"","records":[]}]}',
  ])('parseUndoNote takes %j for no note', (text) => {
    expect(parseUndoNote(text, 'n')).toBeUndefined();
  });

  it('parseUndoNote refuses a note of a newer version by name', () => {
    expect(() => parseUndoNote('{"v":2,"command":"new"}', '/state/undo.json')).toThrow(
      expect.objectContaining({ code: 'format-newer', details: { what: '/state/undo.json', version: 2 } }),
    );
  });
});

describe('parseNoteOwner', () => {
  it('parseNoteOwner gives back whose note was printed, and nothing for a note of an older version', () => {
    expect(parseNoteOwner(printUndoNote(note, owner))).toEqual(owner);
    expect(parseNoteOwner('{"v":1,"command":"add","keys":"corp","records":[]}')).toBeUndefined();
    expect(parseNoteOwner('{"profile":"","configPath":"/c"}')).toBeUndefined();
  });
});

describe('noteOver', () => {
  const keysNote = (command: KeysNote['command'], keys: string): KeysNote => ({
    command,
    keys: parseProfileName(keys),
    records: note.records,
  });
  const imported = keysNote('import', 'corp');
  const added = keysNote('add', 'bob');

  it('noteOver keeps the way back of other keys beneath, and noteBeneath brings it up', () => {
    const over = noteOver(added, imported);
    expect(over).toEqual({ ...added, earlier: [imported] });
    expect(parseUndoNote(printUndoNote(over, owner), 'n')).toStrictEqual(over);
    expect(noteBeneath(over)).toStrictEqual(imported);
    expect(noteBeneath(imported)).toBeUndefined();
    expect(noteOver({ command: 'adopt', records: [] }, imported)).toMatchObject({ earlier: [imported] });
  });

  it('noteOver carries what is beneath along, however many come after it, the newest first', () => {
    const third = keysNote('import', 'carol');
    const over = noteOver(third, noteOver(keysNote('import', 'bob'), imported));
    expect(withEarlier(over)).toStrictEqual([third, keysNote('import', 'bob'), imported]);
    expect(noteOver(added, noteOver(added, imported))).toEqual({ ...added, earlier: [imported] });
  });

  it('noteOver drops what the new note does as well, and what leads no keys back', () => {
    expect(noteOver(imported, imported)).toStrictEqual(imported);
    expect(noteOver(imported, added)).toStrictEqual(imported);
    expect(noteOver(imported, undefined)).toStrictEqual(imported);
  });
});
