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
    /** Of one that was put off. */
    notBefore: number;
    attempts: number;
    /** How its last attempt ended; undefined of one that was never sent. */
    lastError: TurnpikeError | undefined;
}

/** The server asks for these events again by themselves (docs/api/event_codes.md). */
const again = 'period_closed';

const byNumber = (a: Entry, b: Entry) => a.number - b.number;

/**
 * Events on their way: the rules of a Recorder without network and clock. Every event that is put
 * in comes out once, with a verdict. Times are the clock's now(), in milliseconds.
 *
 * An event is queued, or under way in the one batch, or put off because its period has just closed.
 * After a failure the batch goes back to the head of the queue, and nothing leaves before the pause
 * is over.
 */
export class Outbox {
    /** By number: what comes back to it is older than what it holds. */
    private queue: Entry[] = [];
    private putOff: Entry[] = [];
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
        return this.queue.length + this.putOff.length + this.underWay.length;
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
            notBefore: 0,
            attempts: 0,
            lastError: undefined,
        });
    }

    private open(number: number): Entry[] {
        return [...this.underWay, ...this.putOff, ...this.queue]
            .filter((entry) => entry.number <= number)
            .sort(byNumber);
    }
    /** Whether an event up to `number` has no verdict. */
    isOpen(number: number): boolean {
        const has = (entry: Entry) => entry.number <= number;
        return this.underWay.some(has) || this.putOff.some(has) || this.queue.slice(0, 1).some(has);
    }
    /** The events without a verdict up to `number`, in the order of handing over. */
    openEvents(number: number): NamedEvent[] {
        return this.open(number).map((entry) => entry.event);
    }

    /** When the next batch should leave; undefined when there is none, or one is under way. */
    due(): number | undefined {
        if (this.underWay.length > 0) return undefined;
        let due = Infinity;
        const head = this.queue[0];
        if (head) {
            const isHurried =
                this.queue.length >= this.options.batchMax || head.number <= this.hurried;
            due = isHurried ? head.since : head.since + this.options.ageMaxMs;
        }
        for (const entry of this.putOff) due = Math.min(due, entry.notBefore);
        return due === Infinity ? undefined : Math.max(due, this.pausedUntil);
    }

    /** What is queued now waits for no others any more. */
    hurry(): void {
        this.hurried = this.lastNumber;
    }

    /** The texts of the batch that leaves now; due() has come. */
    take(now: number): string[] {
        const {batchMax} = this.options;
        const ready = this.putOff.filter((entry) => entry.notBefore <= now).slice(0, batchMax);
        this.putOff = this.putOff.filter((entry) => !ready.includes(entry));
        this.underWay = [...ready, ...this.queue.splice(0, batchMax - ready.length)];
        for (const entry of this.underWay) ++entry.attempts;
        return this.underWay.map((entry) => entry.json);
    }

    /**
     * The server's verdicts for the batch under way, in its order. Those whose period has just
     * closed are put off; the others come out.
     */
    answered(verdicts: readonly Verdict[], now: number, random: number): Settled[] {
        this.failures = 0;
        const settled: Settled[] = [];
        this.takeBack().forEach((entry, i) => {
            const verdict = verdicts[i] as Verdict;
            if (verdict.kind === 'rejected' && verdict.code === again) {
                entry.notBefore =
                    now + waitAfter(this.options.backoff, entry.attempts, undefined, random);
                entry.lastError = new TurnpikeError('unavailable', again, verdict.detail ?? again);
                this.putOff.push(entry);
            } else {
                settled.push({event: entry.event, verdict: {...verdict, attempts: entry.attempts}});
            }
        });
        return settled;
    }

    /** The batch under way may or may not have been recorded: again later, as it is. */
    failed(error: TurnpikeError, now: number, random: number): void {
        ++this.failures;
        this.pausedUntil =
            now + waitAfter(this.options.backoff, this.failures, error.retryAfterMs, random);
        this.lastError = error;
        this.queue = [...this.takeBack(error).sort(byNumber), ...this.queue];
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
        this.putOff = [];
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
