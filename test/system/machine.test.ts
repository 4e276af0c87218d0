import { expect, it } from 'vitest';
import { readMachineName } from '../../src/system/machine.ts';

it('readMachineName gives the same short name each time', () => {
  expect(readMachineName()).toMatch(/^[0-9a-f]{16}$/);
  expect(readMachineName()).toBe(readMachineName());
});
