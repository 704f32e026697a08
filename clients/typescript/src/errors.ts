/** What is wrong with one member of a request. */
export interface FieldError {
    /** JSON pointer into the body, or the query parameter's name. */
    pointer: string;
    code: string;
    detail: string;
}

/**
 * A refusal of the server's, application/problem+json (RFC 9457), as it was sent. Members beyond
 * these belong to `code`, which docs/api/errors.md lists.
 */
export interface Problem {
    type: string;
    title: string;
    status: number;
    detail: string;
    instance?: string;
    /** Stable: decide by this. */
    code: string;
    request_id: string;
    errors?: FieldError[];
    [member: string]: unknown;
}

/**
 * What the caller can do about it.
 *
 * - `invalid`: not sent, an argument cannot be right; mend it.
 * - `refused`: the server refused, and would again; mend the request.
 * - `unavailable`: no answer that settles it; it may have happened. Again later, with the same ids.
 * - `queue_full`: the recorder holds as many events as it may; not handed over.
 * - `closed`: the recorder was closed; not handed over.
 */
export type ErrorKind = 'invalid' | 'refused' | 'unavailable' | 'queue_full' | 'closed';

export interface ErrorDetails {
    problem?: Problem | undefined;
    retryAfterMs?: number | undefined;
    eventIds?: readonly string[] | undefined;
}

/** Everything that this library throws. */
export class TurnpikeError extends Error {
    override readonly name = 'TurnpikeError';
    /** When the server said what is wrong. */
    readonly problem: Problem | undefined;
    /** When the server said when to come again. */
    readonly retryAfterMs: number | undefined;
    /**
     * Of a failed record, consume or reserve: the ids that its events were sent with, in their
     * order. A second call with these ids, and otherwise the same content, counts and holds nothing
     * twice.
     */
    readonly eventIds: readonly string[];

    /**
     * @param code the problem's code, or one of ours: client.invalid_argument,
     *     client.invalid_event, client.timed_out, client.connection_lost, client.canceled,
     *     client.unexpected_answer,
     *     client.queue_full, client.closed, client.not_sent
     */
    constructor(
        readonly kind: ErrorKind,
        readonly code: string,
        message: string,
        details: ErrorDetails = {},
    ) {
        super(message);
        this.problem = details.problem;
        this.retryAfterMs = details.retryAfterMs;
        this.eventIds = details.eventIds ?? [];
    }

    /** The same, of a call that sent these events. */
    withEvents(eventIds: readonly string[]): TurnpikeError {
        const {problem, retryAfterMs} = this;
        return new TurnpikeError(this.kind, this.code, this.message, {
            problem,
            retryAfterMs,
            eventIds,
        });
    }
}

export function invalidArgument(message: string): TurnpikeError {
    return new TurnpikeError('invalid', 'client.invalid_argument', message);
}
