import {checkedBackoff, checkedWait, type Client} from './client.js';
import {invalidArgument, TurnpikeError} from './errors.js';
import {named, writeEvent, type AnyEvent, type NamedEvent, type Verdict} from './event.js';
import {send, successful} from './http.js';
import {Outbox, type Settled} from './outbox.js';
import {waitMaxMs, type Backoff} from './retry.js';
import {readAnswer, readVerdicts} from './wire.js';

export interface RecorderOptions {
    /** Called once for every event that was handed over. What it throws is thrown as uncaught. */
    onVerdict: (event: NamedEvent, verdict: Verdict) => void;
    /** Events without a verdict, at least 1. Default 10,000. */
    queueMax?: number;
    /** Events in one request, 1 to 1,000. Default 500. */
    batchMax?: number;
    /** How long an event waits for others. Default 1,000. */
    ageMaxMs?: number;
    /** Default {firstWaitMs: 200, waitMaxMs: 30000}. */
    backoff?: Backoff;
}

/** What had no verdict at the deadline. */
export interface FlushReport {
    /** With ids, in the order of handing over. */
    unconfirmed: NamedEvent[];
    /** Of the last attempt that failed, if one did. */
    lastError: TurnpikeError | undefined;
}

interface Waiter {
    isDone: () => boolean;
    resolve: () => void;
}

/**
 * Records events in the background, in batches. An event gets its id at the moment it is handed
 * over and keeps it: however often it is sent, it counts once.
 *
 * A batch leaves when batchMax events wait or the oldest waited ageMaxMs; one is under way at a
 * time. Network errors, time-outs, 408, 429, 5xx and answers that make no sense are tried again for
 * as long as the recorder lives. Retry-After is waited for, up to five minutes. Any other refusal
 * of a whole batch (a revoked key, say) hands its events back as unconfirmed. Every event gets
 * exactly one verdict.
 */
export class Recorder {
    private readonly outbox: Outbox;
    private readonly canceled = new AbortController();
    private readonly onVerdict: RecorderOptions['onVerdict'];
    private waiters: Waiter[] = [];
    private timer: {due: number; handle: unknown} | undefined;
    private isClosed = false;
    private isEnded = false;

    /** @throws TurnpikeError client.invalid_argument */
    constructor(
        private readonly client: Client,
        options: RecorderOptions,
    ) {
        const {queueMax = 10_000, batchMax = 500, ageMaxMs = 1_000} = options;
        if (typeof options.onVerdict !== 'function') throw invalidArgument('onVerdict is required');
        if (!(queueMax >= 1)) throw invalidArgument('queueMax must be at least 1');
        if (!(batchMax >= 1 && batchMax <= 1_000))
            throw invalidArgument('batchMax must be from 1 to 1,000');
        checkedWait('ageMaxMs', ageMaxMs);
        const backoff = checkedBackoff(options.backoff ?? {firstWaitMs: 200, waitMaxMs: 30_000});
        this.onVerdict = options.onVerdict;
        this.outbox = new Outbox({queueMax, batchMax, ageMaxMs, backoff});
    }

    /**
     * Hands an event over; does not wait.
     *
     * @returns the event's id
     * @throws TurnpikeError queue_full, closed, client.invalid_event; the event was not handed over
     */
    record(event: AnyEvent): string {
        const {clock} = this.client.endpoint;
        const sent = named({...event, time: event.time ?? clock.wallNow()}, this.client.source);
        const json = writeEvent(sent);
        if (this.isClosed)
            throw new TurnpikeError('closed', 'client.closed', 'the recorder is closed');
        if (!this.outbox.hasRoom)
            throw new TurnpikeError(
                'queue_full',
                'client.queue_full',
                'queueMax events have no verdict yet',
            );
        this.outbox.put(sent, json, clock.now());
        this.arm();
        return sent.id;
    }

    /**
     * Resolves when there is room for an event, when the recorder is closed, or after `patienceMs`.
     */
    room(patienceMs: number): Promise<void> {
        return this.until(() => this.isClosed || this.outbox.hasRoom, patienceMs);
    }

    /**
     * Sends what waits without waiting for more, though not before the server wants it. Resolves
     * when every event that was handed over before has its verdict, or after `patienceMs`. What is
     * reported as unconfirmed is still being tried.
     */
    async flush(patienceMs: number): Promise<FlushReport> {
        const {outbox} = this;
        const number = outbox.lastNumber;
        outbox.hurry();
        this.arm();
        await this.until(() => !outbox.isOpen(number), patienceMs);
        return {unconfirmed: outbox.openEvents(number), lastError: outbox.lastError};
    }

    /**
     * Takes nothing more, flushes, and ends. What has no verdict after `patienceMs` is reported,
     * gets the verdict unconfirmed, and is not tried any more. Again does nothing.
     */
    async close(patienceMs: number): Promise<FlushReport> {
        if (this.isClosed) return {unconfirmed: [], lastError: undefined};
        this.isClosed = true;
        this.notify();
        await this.flush(patienceMs);
        this.isEnded = true;
        this.disarm();
        if (this.outbox.hasBatch) this.cancelBatch();
        const left = this.outbox.giveUp();
        this.deliver(left);
        return {unconfirmed: left.map(({event}) => event), lastError: this.outbox.lastError};
    }

    /** Sends when something is due; sets the timer when something will be. */
    private arm(): void {
        const {clock} = this.client.endpoint;
        const due = this.isEnded ? undefined : this.outbox.due();
        if (due !== undefined && due === this.timer?.due) return;
        this.disarm();
        if (due === undefined) return;
        const wait = due - clock.now();
        if (wait > 0)
            this.timer = {due, handle: clock.setTimeout(() => this.wake(), Math.ceil(wait))};
        else void this.sendBatch();
    }
    private disarm(): void {
        if (this.timer) this.client.endpoint.clock.clearTimeout(this.timer.handle);
        this.timer = undefined;
    }
    private wake(): void {
        this.timer = undefined;
        this.arm();
    }

    private async sendBatch(): Promise<void> {
        const {outbox, canceled} = this;
        const {endpoint} = this.client;
        const events = outbox.take();
        const call = {method: 'POST', target: '/v1/events', body: `[${events.join(',')}]`} as const;
        let outcome: Verdict[] | TurnpikeError;
        try {
            const answer = successful(await send(endpoint, call, canceled.signal));
            outcome = readAnswer(answer, (json) => readVerdicts(json, events.length));
        } catch (error) {
            outcome = error as TurnpikeError;
        }
        if (this.isEnded) return;
        this.settle(outcome);
        this.arm();
    }

    private cancelBatch(): void {
        const canceled = new TurnpikeError(
            'unavailable',
            'client.canceled',
            'closed while the answer was awaited',
        );
        this.outbox.failed(canceled, this.client.endpoint.clock.now(), 0);
        this.canceled.abort();
    }

    private settle(outcome: Verdict[] | TurnpikeError): void {
        const now = this.client.endpoint.clock.now();
        if (Array.isArray(outcome)) this.deliver(this.outbox.answered(outcome));
        else if (outcome.kind === 'unavailable') this.outbox.failed(outcome, now, Math.random());
        else this.deliver(this.outbox.refused(outcome));
    }

    private deliver(settled: readonly Settled[]): void {
        for (const {event, verdict} of settled)
            try {
                this.onVerdict(event, verdict);
            } catch (error) {
                queueMicrotask(() => {
                    throw error;
                });
            }
        this.notify();
    }

    private notify(): void {
        const done = this.waiters.filter((waiter) => waiter.isDone());
        for (const waiter of done) waiter.resolve();
    }

    private until(isDone: () => boolean, patienceMs: number): Promise<void> {
        if (isDone()) return Promise.resolve();
        const {clock} = this.client.endpoint;
        return new Promise((resolve) => {
            const end = () => {
                clock.clearTimeout(timer);
                this.waiters = this.waiters.filter((other) => other !== waiter);
                resolve();
            };
            const waiter = {isDone, resolve: end};
            const timer = clock.setTimeout(end, Math.min(patienceMs, waitMaxMs));
            this.waiters.push(waiter);
        });
    }
}
