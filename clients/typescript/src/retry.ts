/**
 * Waits between attempts: exponential with full jitter, which is a random time from 1 ms to
 * min(waitMaxMs, firstWaitMs * 2^(attempt - 1)). What Retry-After asks for comes on top.
 */
export interface Backoff {
    firstWaitMs: number;
    waitMaxMs: number;
}

/**
 * Longer than this nobody waits for a Retry-After: a proxy's slip must not stop a host for days.
 */
const retryAfterMaxMs = 300_000;

/** No wait, age or time-out is longer than a day. */
export const waitMaxMs = 86_400_000;

/** Whether the same request may be answered otherwise later: 408, 429, 5xx. */
export function isRetryable(status: number): boolean {
    return status === 408 || status === 429 || status >= 500;
}

/**
 * Milliseconds to wait after attempt number `attempt` (from 1) failed.
 *
 * @param random from 0 to less than 1
 */
export function waitAfter(
    backoff: Backoff,
    attempt: number,
    retryAfterMs: number | undefined,
    random: number,
): number {
    const most = Math.min(backoff.waitMaxMs, backoff.firstWaitMs * 2 ** (attempt - 1));
    return Math.min(retryAfterMs ?? 0, retryAfterMaxMs) + 1 + Math.floor(most * random);
}

/** Seconds or an HTTP date; undefined for anything else, and for a moment that has passed. */
export function parseRetryAfter(header: string | null, now: Date): number | undefined {
    if (header === null) return undefined;
    const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now.getTime();
    return ms > 0 ? ms : undefined;
}
