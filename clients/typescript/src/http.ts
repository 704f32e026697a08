import type {Clock} from './clock.js';
import {TurnpikeError, type Problem} from './errors.js';
import {isRetryable, parseRetryAfter} from './retry.js';

export interface Endpoint {
    /** Without a slash at the end. */
    url: string;
    token: string;
    requestTimeoutMs: number;
    clock: Clock;
}

export interface Call {
    method: 'GET' | 'POST';
    /** Path and query, encoded. */
    target: string;
    /** JSON; of a POST. */
    body?: string;
}

export interface Answer {
    status: number;
    text: string;
    retryAfterMs: number | undefined;
}

function lost(code: string, message: string): TurnpikeError {
    return new TurnpikeError('unavailable', code, message);
}

function messageOf(error: unknown): string {
    const cause =
        error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
    return String(error) + cause;
}

async function attempt(endpoint: Endpoint, call: Call, signal: AbortSignal): Promise<Answer> {
    const response = await fetch(endpoint.url + call.target, {
        method: call.method,
        headers: {
            authorization: `Bearer ${endpoint.token}`,
            accept: 'application/json, application/problem+json',
            ...(call.body === undefined ? {} : {'content-type': 'application/json'}),
        },
        body: call.body ?? null,
        // A token is for one server.
        redirect: 'manual',
        signal,
    });
    const text = await response.text();
    const header = response.headers.get('retry-after');
    return {
        status: response.status,
        text,
        retryAfterMs: parseRetryAfter(header, endpoint.clock.wallNow()),
    };
}

/**
 * One attempt. Any status is an answer; redirects are not followed.
 *
 * @param canceled ends it, by whoever waits for its answer no more
 * @throws TurnpikeError unavailable: client.timed_out, client.connection_lost
 */
export async function send(
    endpoint: Endpoint,
    call: Call,
    canceled?: AbortSignal,
): Promise<Answer> {
    const end = new AbortController();
    const {clock, requestTimeoutMs} = endpoint;
    let isLate = false;
    const timer = clock.setTimeout(() => {
        isLate = true;
        end.abort();
    }, requestTimeoutMs);
    const cancel = () => end.abort();
    canceled?.addEventListener('abort', cancel, {once: true});
    try {
        return await attempt(endpoint, call, end.signal);
    } catch (error) {
        if (isLate) throw lost('client.timed_out', `no answer within ${requestTimeoutMs} ms`);
        throw lost('client.connection_lost', messageOf(error));
    } finally {
        clock.clearTimeout(timer);
        canceled?.removeEventListener('abort', cancel);
    }
}

/**
 * What is not Turnpike's: some proxy's page, most likely, so that nobody knows what happened.
 */
export function unexpectedAnswer(answer: Answer, why: unknown): TurnpikeError {
    const {status, retryAfterMs} = answer;
    // 0 is how a browser shows a redirect that was not followed.
    const isAnswered = status === 0 || (status >= 300 && !isRetryable(status));
    return new TurnpikeError(
        isAnswered ? 'refused' : 'unavailable',
        'client.unexpected_answer',
        `the answer with status ${status} is not Turnpike's: ${why}`,
        {retryAfterMs},
    );
}

function problemOf(answer: Answer): Problem {
    const problem: unknown = JSON.parse(answer.text);
    if (typeof problem !== 'object' || problem === null || !('code' in problem))
        throw new TypeError('it has no code');
    if (typeof problem.code !== 'string') throw new TypeError('code is no text');
    return problem as Problem;
}

/** The answer if it is 2xx; throws the TurnpikeError that any other is. */
export function successful(answer: Answer): Answer {
    const {status, retryAfterMs} = answer;
    if (status >= 200 && status < 300) return answer;
    let problem: Problem;
    try {
        problem = problemOf(answer);
    } catch (error) {
        throw unexpectedAnswer(answer, error);
    }
    const kind = isRetryable(status) ? 'unavailable' : 'refused';
    throw new TurnpikeError(kind, problem.code, problem.detail ?? problem.title, {
        problem,
        retryAfterMs,
    });
}
