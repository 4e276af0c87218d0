import { describe, expect, it } from 'vitest';
import { Deadline } from '../../src/stores/deadline.ts';

describe('Deadline', () => {
  it('calls back once, everybody who has not taken it back, and later askers at once', async () => {
    const deadline = new Deadline(1);
    const heard: string[] = [];
    deadline.whenOver(() => heard.push('first'));
    const takeBack = deadline.whenOver(() => heard.push('taken back'));
    takeBack();
    expect(deadline.isOver).toBe(false);
    await new Promise<void>((resolve) => void deadline.whenOver(resolve));
    expect(deadline.isOver).toBe(true);
    deadline.whenOver(() => heard.push('late'));
    expect(heard).toEqual(['first', 'late']);
  });

  it('is never over once it was stopped', async () => {
    const [stopped, other] = [new Deadline(1), new Deadline(20)];
    stopped.whenOver(() => expect.unreachable('a stopped deadline called back'));
    stopped.stop();
    await new Promise<void>((resolve) => void other.whenOver(resolve));
    expect(stopped.isOver).toBe(false);
  });
});
