// Reservations: a part of an allowance is held for work whose cost is known only afterwards.
import {TurnpikeError} from './errors.js';
import type {Quantity} from './event.js';
import {instant, optionalText, readStanding, text, type Json, type Standing} from './wire.js';

export interface ReserveRequest {
    customer: string;
    /** One that sums or counts. */
    meter: string;
    /** What the work costs at most. Default 1. */
    quantity?: Quantity;
    /** Seconds until it expires, 1 to a day. The server's default is 300. */
    ttlS?: number;
    /**
     * Of the event that a commit records. Default: a new one. Give your own when you will call
     * again after an error.
     */
    id?: string;
    source?: string;
    /** As UsageEvent has them. */
    properties?: Record<string, string>;
}

const statuses = ['open', 'committed', 'released', 'expired'] as const;

/** Open until it ends, once and for good, in one of the other ways. */
export type ReservationStatus = (typeof statuses)[number];

/** A part of an allowance, which nobody else can use while it is open. */
export interface Reservation {
    /** rsv_... */
    id: string;
    status: ReservationStatus;
    /** cus_... */
    customer: string;
    meter: string;
    /** With eventId: of the event that a commit records. */
    source: string;
    eventId: string;
    /** A decimal, as it was asked for. */
    reserved: string;
    /** By the server's clock. */
    expiresAt: Date;
    /** A decimal: what was used. Of a committed one. */
    quantity: string | undefined;
    /** Undefined while it is open. */
    endedAt: Date | undefined;
}

/**
 * - `held`: it is open; do the work, then commit or release.
 * - `ended`: this request opened it before, and it has ended; its status says how.
 * - `limit_exceeded`, `not_in_plan`: nothing is held.
 */
export type ReserveAnswer =
    | {outcome: 'held' | 'ended'; reservation: Reservation; standing: Standing}
    | {outcome: 'limit_exceeded' | 'not_in_plan'; reservation: undefined; standing: Standing};

/**
 * What became of a commit or a release.
 *
 * - `committed`: of a commit; it is recorded, now or by the same call before.
 * - `released`: nothing is held; a commit recorded nothing: consume under another id.
 * - `expired`: likewise, since nobody ended it in time.
 * - `exceeds_limit`: of a commit; the surplus does not fit. Nothing is recorded, it stays open.
 * - `already_committed`: with another quantity, or it was to be released; that stays.
 */
export type EndOutcome =
    | 'committed'
    | 'released'
    | 'expired'
    | 'exceeds_limit'
    | 'already_committed';

export interface EndAnswer {
    outcome: EndOutcome;
    /** As it is now; undefined when the server refused. */
    reservation: Reservation | undefined;
    /** For people; of a refusal. */
    detail: string | undefined;
}

function readReservation(json: Json): Reservation {
    const status = statuses.find((known) => known === json['status']);
    if (!status) throw new TypeError(`${json['status']} is no status of a reservation`);
    return {
        id: text(json, 'id'),
        status,
        customer: text(json, 'customer'),
        meter: text(json, 'meter'),
        source: text(json, 'source'),
        eventId: text(json, 'event_id'),
        reserved: text(json, 'reserved'),
        expiresAt: instant(json, 'expires_at'),
        quantity: optionalText(json, 'quantity'),
        endedAt: json['ended_at'] === undefined ? undefined : instant(json, 'ended_at'),
    };
}

export function readReserved(json: Json): ReserveAnswer {
    const reservation = readReservation(json);
    const outcome = reservation.status === 'open' ? 'held' : 'ended';
    return {outcome, reservation, standing: readStanding(json)};
}

export function deniedReserve(standing: Standing): ReserveAnswer {
    const outcome = standing.reason === 'not_in_plan' ? 'not_in_plan' : 'limit_exceeded';
    return {outcome, reservation: undefined, standing};
}

/** Of a commit or a release. */
export function readEnded(json: Json): EndAnswer {
    const reservation = readReservation(json);
    if (reservation.status === 'open') throw new TypeError('it is still open');
    return {outcome: reservation.status, reservation, detail: undefined};
}

const refusals: readonly EndOutcome[] = [
    'exceeds_limit',
    'already_committed',
    'released',
    'expired',
];

/** A refusal to commit or to release that is an answer; undefined for every other error. */
export function refusedEnd(error: unknown): EndAnswer | undefined {
    if (!(error instanceof TurnpikeError)) return undefined;
    const outcome = refusals.find((name) => error.code === `reservation.${name}`);
    return outcome && {outcome, reservation: undefined, detail: error.message};
}
