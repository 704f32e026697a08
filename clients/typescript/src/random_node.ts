// Node 18 has no global crypto. package.json puts this in the place of random.ts there.
// @ts-expect-error: Node's types are no dependency of ours
import {webcrypto} from 'node:crypto';

/** 16 bytes that nobody can guess. */
export function randomBytes(): Uint8Array {
    return (webcrypto as Crypto).getRandomValues(new Uint8Array(16));
}
