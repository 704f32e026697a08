import {randomBytes} from '#random';
import {TurnpikeError} from './errors.js';

/**
 * A decimal from 0 to 1000000000000 with at most 6 fraction digits. Fractions are texts: a number
 * must be whole.
 */
export type Quantity = string | number | bigint;

/**
 * One use of a meter by a customer. (source, id) names it for ever: whatever is sent twice under
 * one name counts once. All texts have 1 to 255 bytes in UTF-8 and no control characters.
 */
export interface UsageEvent {
    /** cus_..., ext:..., or your own id of the customer. */
    customer: string;
    /** The meter's key. */
    meter: string;
    /** Default 1. */
    quantity?: Quantity;
    /**
     * When it was used. A Recorder puts the moment of handing over here, Client.record() leaves it
     * to the server, which takes the moment of arrival.
     */
    time?: Date;
    /** Whole milliseconds, at most a day. */
    latencyMs?: number;
    /** Default: 128 random bits as 32 hex digits. */
    id?: string;
    /** Default: the client's. */
    source?: string;
    /** What a meter of different values counts, and what meters group by. */
    properties?: Record<string, string>;
}

/** What an event is called. */
export interface EventName {
    id: string;
    /** Default: the client's. */
    source?: string;
}

interface CorrectionBase {
    /** Whose event it is. */
    customer: string;
    time?: Date;
    /** Of the correction itself. Default: 128 random bits as 32 hex digits. */
    id?: string;
    /** Of the correction itself. Default: the client's. */
    source?: string;
    meter?: never;
    quantity?: never;
    latencyMs?: never;
    properties?: never;
}

/** Takes an event back, for good, from everything that it counted in. */
export interface VoidEvent extends CorrectionBase {
    void: EventName;
    amend?: never;
}

/** Sets anew what an event added to sums. The newest such correction holds. */
export interface AmendEvent extends CorrectionBase {
    amend: EventName & {quantity: Quantity};
    void?: never;
}

/**
 * An event that corrects another one of the same customer, which was recorded before or stands
 * before it in one batch or recorder (docs/metering.md, "Corrections").
 */
export type Correction = VoidEvent | AmendEvent;

/** What can be recorded. */
export type AnyEvent = (UsageEvent & {void?: never; amend?: never}) | Correction;

/** An event as it is sent. */
export type NamedEvent = AnyEvent & {id: string; source: string};

export type VerdictKind =
    | 'accepted' // counted
    | 'duplicate' // counted before; after a retry this is how success looks
    | 'conflict' // (source, id) names an event with another content, which stays
    | 'rejected' // not counted, or not corrected; `code` says why (docs/api/event_codes.md)
    | 'unconfirmed'; // only from a Recorder: nobody said that it was recorded; `error` says why

/** What became of one event. */
export interface Verdict {
    kind: VerdictKind;
    /** Of conflict and rejected. */
    code?: string;
    /** Of conflict and rejected, for people. */
    detail?: string;
    /**
     * Of unconfirmed: how its last attempt ended. With `attempts` > 0 it may be counted all the
     * same: record it again under its id, never under a new one.
     */
    error?: TurnpikeError;
    /** How often it was sent, by a Recorder. */
    attempts?: number;
}

/** It counts, or corrects, now or since an earlier attempt. */
export function isCounted(verdict: Verdict): boolean {
    return verdict.kind === 'accepted' || verdict.kind === 'duplicate';
}

/** 128 random bits as 32 hex digits. */
export function newEventId(): string {
    return Array.from(randomBytes(), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A copy with an id and a source, and with the source of what it corrects. */
export function named(event: AnyEvent, source: string): NamedEvent {
    const copy = {...event, id: event.id ?? newEventId(), source: event.source ?? source};
    if (copy.void) copy.void = {...copy.void, source: copy.void.source ?? source};
    if (copy.amend) copy.amend = {...copy.amend, source: copy.amend.source ?? source};
    return copy;
}

function invalidEvent(message: string): TurnpikeError {
    return new TurnpikeError('invalid', 'client.invalid_event', message);
}

/** @throws TurnpikeError client.invalid_event */
export function quantityText(quantity: Quantity = 1): string {
    if (typeof quantity === 'number' && !Number.isSafeInteger(quantity))
        throw invalidEvent('a quantity that is a number must be whole; send a fraction as text');
    const text = String(quantity);
    if (text.length < 1 || text.length > 64)
        throw invalidEvent('quantity is a decimal of 1 to 64 characters');
    return text;
}

const encoder = new TextEncoder();

function isName(text: unknown): text is string {
    return (
        typeof text === 'string' &&
        text.length > 0 &&
        encoder.encode(text).length <= 255 &&
        // Control characters, and halves of surrogate pairs, which UTF-8 cannot hold.
        !/[\u0000-\u001f\u007f]|\p{Surrogate}/u.test(text)
    );
}

function writeUse({meter, quantity, latencyMs, properties}: UsageEvent): object {
    return {meter, quantity: quantityText(quantity), latency_ms: latencyMs, properties};
}

function writeCorrection(correction: Correction): object {
    const {meter, quantity, latencyMs, properties} = correction;
    if ([meter, quantity, latencyMs, properties].some((member) => member !== undefined))
        throw invalidEvent('a correction has no meter, quantity, latency or properties of its own');
    if (correction.void && correction.amend)
        throw invalidEvent('an event is voided or amended, not both');
    const {id, source} = correction.void ?? correction.amend;
    if (![id, source].every(isName))
        throw invalidEvent(
            'id and source of the corrected event are texts of 1 to 255 bytes without control ' +
                'characters',
        );
    if (correction.void) return {void: {source, id}};
    if (correction.amend.quantity === undefined) throw invalidEvent('an amend says its quantity');
    return {amend: {source, id, quantity: quantityText(correction.amend.quantity)}};
}

/**
 * An event as the plain JSON of POST /v1/events.
 *
 * @throws TurnpikeError client.invalid_event when the server could not even read it
 */
export function writeEvent(event: NamedEvent): string {
    const {id, source, customer} = event;
    const isCorrection = event.void !== undefined || event.amend !== undefined;
    if (![id, source, customer].every(isName) || !(isCorrection || isName(event.meter)))
        throw invalidEvent(
            'id, source, customer and meter are texts of 1 to 255 bytes without control characters',
        );
    if (event.time && Number.isNaN(event.time.getTime())) throw invalidEvent('time is no time');
    const said = isCorrection
        ? writeCorrection(event as Correction)
        : writeUse(event as UsageEvent);
    return JSON.stringify({id, source, customer, time: event.time?.toISOString(), ...said});
}
