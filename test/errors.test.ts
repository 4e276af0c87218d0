import { describe, expect, it } from 'vitest';
import { AppError } from '../src/errors.ts';

describe('AppError', () => {
  // It stood there alone, and nobody knew what to do next.
  it('says what to do when a store does not take an item', () => {
    const details = { store: 'the age store in /s', account: 'keys/corp', problem: 'the disk is full' };
    const { message, hint } = new AppError('store-rejected', details);
    expect(message).toBe('the age store in /s did not take keys/corp: the disk is full');
    expect(hint).toContain('space');
  });
});
