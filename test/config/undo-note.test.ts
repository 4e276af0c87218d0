import { describe, expect, it } from 'vitest';
import { parseProfileName } from '../../src/config/names.ts';
import { parseUndoNote, printUndoNote, type UndoNote } from '../../src/config/undo-note.ts';

const note: UndoNote = {
  command: 'add',
  keys: parseProfileName('corp'),
  records: [{ path: '/c', before: 'b', lines: ['x'], steps: [{ keep: 1 }, { drop: 2 }, { put: 'a\n' }, { copy: 0 }] }],
};

describe('parseUndoNote', () => {
  it('parseUndoNote gives back what was printed', () => {
    expect(parseUndoNote(printUndoNote(note), 'n')).toEqual(note);
  });

  it.each(['import', 'add'] as const)('an undo note of %s has its keys and one line', (command) => {
    const text = `{"v":1,"command":"${command}","keys":"corp","records":[]}\n`;
    const written: UndoNote = { command, keys: parseProfileName('corp'), records: [] };
    expect(printUndoNote(written)).toBe(text);
    expect(parseUndoNote(text, 'n')).toStrictEqual(written);
  });

  it('parseUndoNote gives back the note of an adoption, which has no keys', () => {
    const adopted: UndoNote = { command: 'adopt', records: note.records };
    expect(parseUndoNote(printUndoNote(adopted), 'n')).toEqual(adopted);
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
  ])('parseUndoNote takes %j for no note', (text) => {
    expect(parseUndoNote(text, 'n')).toBeUndefined();
  });

  it('parseUndoNote refuses a note of a newer version by name', () => {
    expect(() => parseUndoNote('{"v":2,"command":"new"}', '/state/undo.json')).toThrow(
      expect.objectContaining({ code: 'format-newer', details: { what: '/state/undo.json', version: 2 } }),
    );
  });
});
