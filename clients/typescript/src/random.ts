/** 16 bytes that nobody can guess. */
export function randomBytes(): Uint8Array {
    return crypto.getRandomValues(new Uint8Array(16));
}
