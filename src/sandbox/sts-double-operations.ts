// Which operations of STS the double knows.

import { isSignedOperation, type SignedOperationName } from './sts-double-actions.ts';
import { type FederatedOperationName, isFederatedOperation } from './sts-double-federation.ts';

export type OperationName = SignedOperationName | FederatedOperationName;

export function isOperation(text: string | null): text is OperationName {
  return isSignedOperation(text) || isFederatedOperation(text);
}
