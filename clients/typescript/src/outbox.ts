import {TurnpikeError} from './errors.js';
import type {NamedEvent, Verdict} from './event.js';
import {waitAfter, type Backoff} from './retry.js';

export interface OutboxOptions {
    queueMax: number;
    batchMax: number;
    ageMaxMs: number;
    backoff: Backoff;
}

export interface Settled {
    event: NamedEvent;
    verdict: Verdict;
}

interface Entry {
    /** In the order of handing over, from 1. */
    number: number;
    event: NamedEvent;
    /** What is sent, each time. */
    json: string;
    /** When it was handed over. */
    since: number;
    attempts: number;
    /** How its last attempt ended; undefined of one that was never sent. */
    lastError: TurnpikeError | undefined;
}

/**
 * Events on their way: the rules of a Recorder without network and clock. Every event that is put
 * in comes out once, with a verdict. Times are the clock's now(), in milliseconds.
 *
 * An event is queued, or under way in the one batch. After a failure the batch goes back to the
 * head of the queue, and nothing leaves before the pause is over.
 */
export class Outbox {
    /** By number: what comes back to it is older than what it holds. */
    private queue: Entry[] = [];
    private underWay: Entry[] = [];
    private hurried = 0;
    /** In a row. */
    private failures = 0;
    private pausedUntil = 0;
    /** Number of the last event that was put in. */
    lastNumber = 0;
    /** Of the last attempt that failed. */
    lastError: TurnpikeError | undefined;

    constructor(private readonly options: OutboxOptions) {}

    get size(): number {
        return this.queue.length + this.underWay.length;
    }
    get hasBatch(): boolean {
        return this.underWay.length > 0;
    }
    get hasRoom(): boolean {
        return this.size < this.options.queueMax;
    }

    /** Adds an event; there is room. */
    put(event: NamedEvent, json: string, now: number): void {
        const number = ++this.lastNumber;
        this.queue.push({
            number,
            event,
            json,
            since: now,
            attempts: 0,
            lastError: undefined,
        });
    }

    private open(number: number): Entry[] {
        return [...this.underWay, ...this.queue].filter((entry) => entry.number <= number);
    }
    /** Whether an event up to `number` has no verdict. */
    isOpen(number: number): boolean {
        const first = this.underWay[0] ?? this.queue[0];
        return first !== undefined && first.number <= number;
    }
    /** The events without a verdict up to `number`, in the order of handing over. */
    openEvents(number: number): NamedEvent[] {
        return this.open(number).map((entry) => entry.event);
    }

    /** When the next batch should leave; undefined when there is none, or one is under way. */
    due(): number | undefined {
        if (this.underWay.length > 0) return undefined;
        const head = this.queue[0];
        if (!head) return undefined;
        const isHurried = this.queue.length >= this.options.batchMax || head.number <= this.hurried;
        const due = isHurried ? head.since : head.since + this.options.ageMaxMs;
        return Math.max(due, this.pausedUntil);
    }

    /** What is queued now waits for no others any more. */
    hurry(): void {
        this.hurried = this.lastNumber;
    }

    /** The texts of the batch that leaves now; due() has come. */
    take(): string[] {
        this.underWay = this.queue.splice(0, this.options.batchMax);
        for (const entry of this.underWay) ++entry.attempts;
        return this.underWay.map((entry) => entry.json);
    }

    /** The batch under way comes out with the server's verdicts, in its order. */
    answered(verdicts: readonly Verdict[]): Settled[] {
        this.failures = 0;
        return this.takeBack().map((entry, i) => ({
            event: entry.event,
            verdict: {...(verdicts[i] as Verdict), attempts: entry.attempts},
        }));
    }

    /** The batch under way may or may not have been recorded: again later, as it is. */
    failed(error: TurnpikeError, now: number, random: number): void {
        ++this.failures;
        this.pausedUntil =
            now + waitAfter(this.options.backoff, this.failures, error.retryAfterMs, random);
        this.lastError = error;
        this.queue = [...this.takeBack(error), ...this.queue];
    }

    /** The batch under way was refused as a whole and comes out, unconfirmed. */
    refused(error: TurnpikeError): Settled[] {
        this.failures = 0;
        this.lastError = error;
        return this.takeBack(error).map((entry) => this.unconfirmed(entry));
    }

    /** Everything comes out, unconfirmed. */
    giveUp(): Settled[] {
        const left = this.open(this.lastNumber);
        this.queue = [];
        this.underWay = [];
        return left.map((entry) => this.unconfirmed(entry));
    }

    /** The batch under way, which ended with `error`. */
    private takeBack(error?: TurnpikeError): Entry[] {
        const entries = this.underWay;
        this.underWay = [];
        for (const entry of entries) entry.lastError = error;
        return entries;
    }
    private unconfirmed({event, attempts, lastError}: Entry): Settled {
        const error =
            lastError ??
            new TurnpikeError(
                'closed',
                'client.not_sent',
                'the recorder was closed before it was sent',
            );
        return {
            event,
            verdict: {kind: 'unconfirmed', error: error.withEvents([event.id]), attempts},
        };
    }
}
