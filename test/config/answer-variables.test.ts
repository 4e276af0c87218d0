import { describe, expect, it } from 'vitest';
import { answerVariables } from '../../src/config/answer-variables.ts';

describe('answerVariables', () => {
  // They go to the agent, which keeps them while it lives (decisions.md 15).
  it("has neither a caller's keys nor a container's token", () => {
    expect(answerVariables.filter((name) => /KEY|TOKEN|CONTAINER/.test(name))).toEqual([]);
  });
});
