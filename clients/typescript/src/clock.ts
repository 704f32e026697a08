/** Time as the library sees it, so that a test can drive it by hand. */
export interface Clock {
    /** The time of day; what an event that is handed over is stamped with. */
    wallNow(): Date;
    /** Milliseconds that never go back; what ages, waits and time-outs are measured with. */
    now(): number;
    /** Calls back once, after `ms` of `now()`. */
    setTimeout(callback: () => void, ms: number): unknown;
    clearTimeout(timer: unknown): void;
}

export const systemClock: Clock = {
    wallNow: () => new Date(),
    now: () => performance.now(),
    setTimeout: (callback, ms) => setTimeout(callback, ms),
    clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
};

export function sleep(clock: Clock, ms: number): Promise<void> {
    return new Promise((resolve) => clock.setTimeout(resolve, ms));
}
