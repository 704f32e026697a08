// The same sequence for the same seed, so that a failure can be looked at again.
export const seed = Number(process.env.TURNPIKE_CRASH_SEED ?? Date.now() % 1e9);

/// Numbers in [0, 1).
export function random(seed) {
    let state = seed >>> 0;
    return () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return state / 2 ** 32;
    };
}
