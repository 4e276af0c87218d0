import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lastTime } from '../../src/credentials/credentials.ts';
import { parseRotationRecord, printRotationRecord } from '../../src/credentials/rotation-record.ts';

describe('a rotation record', () => {
  it('comes back as it was written', () => {
    const times = fc.integer({ min: 1, max: lastTime });
    const records = fc.record(
      { oldAccessKeyId: fc.string(), startedAt: times, deleteAt: times, triedAt: times },
      { requiredKeys: ['oldAccessKeyId', 'startedAt'] },
    );
    fc.assert(
      fc.property(records, (record) => {
        expect(parseRotationRecord(printRotationRecord(record), 'r')).toEqual(record);
      }),
    );
  });

  it.each([
    '',
    '{',
    'null',
    '[]',
    '{"v":1}',
    '{"oldAccessKeyId":"A","startedAt":1}',
    '{"v":"2","oldAccessKeyId":"A","startedAt":1}',
    '{"v":1,"oldAccessKeyId":1,"startedAt":1}',
    '{"v":1,"oldAccessKeyId":"A","startedAt":"1"}',
  ])('is as good as none when it says %j', (text) => {
    expect(parseRotationRecord(text, 'r')).toBeUndefined();
  });

  it('keeps what it must without what it may say, where that is no time', () => {
    expect(parseRotationRecord('{"v":1,"oldAccessKeyId":"A","startedAt":1,"deleteAt":"soon","triedAt":-1}', 'r')).toEqual({
      oldAccessKeyId: 'A',
      startedAt: 1,
    });
  });

  it('of a later version is refused, not guessed at', () => {
    expect(() => parseRotationRecord('{"v":2}', 'the file')).toThrow(/the file was written by a newer rolekeeper/);
  });
});
