// A person at the keyboard who gives the answers that were agreed on, in order, and may say no to nothing else.

import type { Terminal } from '../../src/ports/person.ts';

export interface FakeTerminal extends Terminal {
  /** What was asked and said, in order. */
  readonly shown: readonly string[];
}

/** Only yes-or-no questions. Throws at a question without an answer. */
export function fakeTerminal(...answers: readonly boolean[]): FakeTerminal {
  const shown: string[] = [];
  const waiting = [...answers];
  const refuse = (question: string) => {
    throw new Error(`nobody expected the question ${JSON.stringify(question)}`);
  };
  return {
    isInteractive: true,
    shown,
    say: (line) => void shown.push(line),
    ask: async (question) => refuse(question),
    askHidden: async (question) => refuse(question),
    choose: async (question) => refuse(question),
    confirm: async (question) => {
      shown.push(question);
      return waiting.shift() ?? refuse(question);
    },
  };
}
