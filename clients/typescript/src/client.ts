import {sleep, systemClock, type Clock} from './clock.js';
import {invalidArgument, TurnpikeError} from './errors.js';
import {named, newEventId, quantityText, writeEvent} from './event.js';
import type {AnyEvent, Quantity, Verdict} from './event.js';
import {send, successful, type Answer, type Call, type Endpoint} from './http.js';
import * as reservations from './reservation.js';
import type {EndAnswer, Reservation, ReserveAnswer, ReserveRequest} from './reservation.js';
import {waitAfter, waitMaxMs, type Backoff} from './retry.js';
import * as wire from './wire.js';

export interface ClientOptions {
    /** http:// or https://, host, port: "https://billing.example.com". */
    url: string;
    /** A seller's API key with usage:write, usage:read and customers:*; or a JWT. */
    token: string;
    /** The source of events that name none. Default "turnpike-client". */
    source?: string;
    /** Of one attempt, with connecting. Default 5,000. */
    requestTimeoutMs?: number;
    /** Attempts of one call, at least 1. Default 4. */
    attemptsMax?: number;
    /** Default {firstWaitMs: 100, waitMaxMs: 5000}. */
    backoff?: Backoff;
    clock?: Clock;
}

export interface CheckRequest {
    /** Default: the customer whose token it is. */
    customer?: string;
    meter: string;
    /** Default 1. */
    requested?: Quantity;
}

export interface ConsumeRequest {
    customer: string;
    meter: string;
    /** Default 1. */
    quantity?: Quantity;
    /** Whole milliseconds, at most a day. */
    latencyMs?: number;
    /** Default: a new one. Give your own when you will call again after an error. */
    id?: string;
    source?: string;
    /** As UsageEvent has them. */
    properties?: Record<string, string>;
}

export interface CustomerDraft {
    /** Your own id: 1 to 128 of A-Za-z0-9_.@:|- */
    externalId: string;
    email?: string;
    name?: string;
}

export function checkedWait(name: string, ms: number): number {
    if (!(ms > 0 && ms <= waitMaxMs))
        throw invalidArgument(`${name} must be more than 0 ms and at most a day`);
    return ms;
}

export function checkedBackoff(backoff: Backoff): Backoff {
    checkedWait('backoff.firstWaitMs', backoff.firstWaitMs);
    checkedWait('backoff.waitMaxMs', backoff.waitMaxMs);
    return backoff;
}

function checkedEndpoint(options: ClientOptions): Endpoint {
    const {url, token, requestTimeoutMs = 5_000, clock = systemClock} = options;
    if (!/^https?:\/\/[^\s?#]+$/.test(url))
        throw invalidArgument('url must be http:// or https:// with a host');
    if (!/^[!-~]+$/.test(token))
        throw invalidArgument('token must be printable ASCII without spaces');
    checkedWait('requestTimeoutMs', requestTimeoutMs);
    return {url: url.replace(/\/+$/, ''), token, requestTimeoutMs, clock};
}

/**
 * Turnpike's /v1 for a host that meters and asks.
 *
 * Network errors, time-outs, 408, 429 and 5xx are tried again, at most attemptsMax times in all and
 * always under the same event ids, so that nothing counts twice. A Retry-After beyond
 * backoff.waitMaxMs is not waited for but handed back, in TurnpikeError.retryAfterMs.
 *
 * Every method throws TurnpikeError: refused, unavailable, invalid (see ErrorKind).
 */
export class Client {
    /** For Recorder. */
    readonly endpoint: Endpoint;
    readonly source: string;
    private readonly attemptsMax: number;
    private readonly backoff: Backoff;

    /** @throws TurnpikeError client.invalid_argument. Does not connect. */
    constructor(options: ClientOptions) {
        this.endpoint = checkedEndpoint(options);
        this.source = options.source ?? 'turnpike-client';
        this.attemptsMax = options.attemptsMax ?? 4;
        if (!(this.attemptsMax >= 1)) throw invalidArgument('attemptsMax must be at least 1');
        this.backoff = checkedBackoff(options.backoff ?? {firstWaitMs: 100, waitMaxMs: 5_000});
    }

    /** Records one event. Answers once it is durable. */
    async record(event: AnyEvent): Promise<Verdict> {
        const [verdict] = await this.recordBatch([event]);
        return verdict as Verdict;
    }

    /**
     * Records 1 to 1,000 events in one request. Answers once they are durable, with a verdict each.
     */
    async recordBatch(events: readonly AnyEvent[]): Promise<Verdict[]> {
        if (events.length < 1 || events.length > 1_000)
            throw invalidArgument('send 1 to 1,000 events');
        const sent = events.map((event) => named(event, this.source));
        const body = `[${sent.map(writeEvent).join(',')}]`;
        const ids = sent.map((event) => event.id);
        return this.post('/v1/events', body, ids, (json) => wire.readVerdicts(json, ids.length));
    }

    /** May this be used? Counts nothing. */
    async check(request: CheckRequest): Promise<wire.Entitlement> {
        const {customer, meter} = request;
        const requested = quantityText(request.requested);
        const body = wire.writeBody({customer, meter, requested});
        const answer = await this.call({method: 'POST', target: '/v1/entitlements/check', body});
        return wire.readAnswer(answer, wire.readEntitlement);
    }

    /**
     * Checks, deducts and records in one step. A refusal by the plan is an answer, not an error.
     */
    async consume(request: ConsumeRequest): Promise<wire.Consumption> {
        const {customer, meter, latencyMs, id = newEventId(), source = this.source} = request;
        const quantity = quantityText(request.quantity);
        const {properties} = request;
        const body = wire.writeBody({
            customer, meter, quantity, source, id, latency_ms: latencyMs, properties,
        });
        try {
            const read = (json: Record<string, unknown>) => wire.readConsumption(json, id);
            return await this.post('/v1/usage/consume', body, [id], read);
        } catch (error) {
            const standing = wire.deniedStanding(error, customer);
            if (!standing) throw error;
            return {...standing, allowed: false, duplicate: false, id};
        }
    }

    /**
     * Holds a part of the allowance for work whose cost is known only afterwards. That it does not
     * fit is an answer, not an error. After an error it may be held all the same: the request
     * again, under TurnpikeError.eventIds, finds it; left alone, it expires.
     */
    async reserve(request: ReserveRequest): Promise<ReserveAnswer> {
        const {customer, meter, ttlS, id = newEventId(), source = this.source} = request;
        const quantity = quantityText(request.quantity);
        const {properties} = request;
        const body = wire.writeBody({
            customer, meter, quantity, source, id, ttl_s: ttlS, properties,
        });
        try {
            return await this.post('/v1/usage/reserve', body, [id], reservations.readReserved);
        } catch (error) {
            const standing = wire.deniedStanding(error, customer);
            if (!standing) throw error;
            return reservations.deniedReserve(standing);
        }
    }

    /**
     * Ends the hold by recording what was used; 0 is allowed. More than was reserved must fit.
     * After an error it may be recorded: the same call again records it once.
     *
     * @param reservation its id
     * @param properties in the place of the reservation's
     * @throws TurnpikeError reservation.not_found from 24 hours after its end, too
     */
    async commit(
        reservation: string,
        quantity: Quantity,
        properties?: Record<string, string>,
    ): Promise<EndAnswer> {
        return this.end(reservation, 'commit', {quantity: quantityText(quantity), properties});
    }

    /** Ends the hold; nothing was used. Throws as commit() does. */
    async release(reservation: string): Promise<EndAnswer> {
        return this.end(reservation, 'release', {});
    }

    /**
     * Reserves, does the work, and commits the quantity that it resolves to. When the work throws,
     * the reservation is released, and that error is thrown. What reserve() refuses is answered
     * without any work. When the commit throws, nothing is released: the same commit again settles
     * it, until the reservation expires.
     */
    async withReservation(
        request: ReserveRequest,
        work: (reservation: Reservation) => Promise<Quantity>,
    ): Promise<ReserveAnswer | EndAnswer> {
        const reserved = await this.reserve(request);
        if (reserved.outcome !== 'held') return reserved;
        const {id} = reserved.reservation;
        let used: Quantity;
        try {
            used = await work(reserved.reservation);
        } catch (error) {
            // What cannot be released expires.
            await this.release(id).catch(() => undefined);
            throw error;
        }
        return this.commit(id, used);
    }

    /** Usage of all meters, or of one. */
    async usage(customer: string, meter?: string): Promise<wire.UsageSummary> {
        const query = new URLSearchParams({customer: wire.checkedText(customer)});
        if (meter !== undefined) query.set('meter', wire.checkedText(meter));
        const answer = await this.call({method: 'GET', target: `/v1/usage?${query}`});
        return wire.readAnswer(answer, wire.readUsage);
    }

    async customer(customer: string): Promise<wire.Customer> {
        const target = `/v1/customers/${encodeURIComponent(wire.checkedText(customer))}`;
        return wire.readAnswer(await this.call({method: 'GET', target}), wire.readCustomer);
    }

    /**
     * Creates the customer, or finds the one that has the external id; what that one is called
     * stays.
     */
    async ensureCustomer(draft: CustomerDraft): Promise<wire.Customer> {
        const {externalId, email, name} = draft;
        const body = wire.writeBody({external_id: externalId, email, name});
        try {
            const answer = await this.call({method: 'POST', target: '/v1/customers', body});
            return wire.readAnswer(answer, wire.readCustomer);
        } catch (error) {
            // Ours perhaps, from an attempt whose answer was lost.
            if (error instanceof TurnpikeError && error.code === 'customer.exists')
                return this.customer(`ext:${externalId}`);
            throw error;
        }
    }

    private async end(reservation: string, step: string, request: object): Promise<EndAnswer> {
        const id = encodeURIComponent(wire.checkedText(reservation));
        const target = `/v1/usage/reservations/${id}/${step}`;
        try {
            const body = wire.writeBody(request);
            const answer = await this.call({method: 'POST', target, body});
            return wire.readAnswer(answer, reservations.readEnded);
        } catch (error) {
            const refused = reservations.refusedEnd(error);
            if (!refused) throw error;
            return refused;
        }
    }

    /** Posts what records the events `ids`; every error names them. */
    private async post<T>(
        target: string,
        body: string,
        ids: readonly string[],
        read: (json: Record<string, unknown>) => T,
    ): Promise<T> {
        try {
            return wire.readAnswer(await this.call({method: 'POST', target, body}), read);
        } catch (error) {
            throw error instanceof TurnpikeError ? error.withEvents(ids) : error;
        }
    }

    /** A call with its retries, until there is a 2xx. */
    private async call(call: Call): Promise<Answer> {
        for (let attempt = 1; ; ++attempt) {
            try {
                return successful(await send(this.endpoint, call));
            } catch (error) {
                if (!(error instanceof TurnpikeError) || error.kind !== 'unavailable') throw error;
                // Somebody waits for this call; hours are his to wait.
                const isLong = (error.retryAfterMs ?? 0) > this.backoff.waitMaxMs;
                if (isLong || attempt >= this.attemptsMax) throw error;
                const wait = waitAfter(this.backoff, attempt, error.retryAfterMs, Math.random());
                await sleep(this.endpoint.clock, wait);
            }
        }
    }
}
