// Requests as JSON, and what the server's answers say, in types.
// A reader throws a TypeError on what it does not know.
import {invalidArgument, TurnpikeError} from './errors.js';
import type {Verdict, VerdictKind} from './event.js';
import {unexpectedAnswer, type Answer} from './http.js';

export type Json = Record<string, unknown>;

/** The next plan that would allow what was refused. */
export interface Upgrade {
    plan: string;
    name: string;
    /** Decimal text in the currency's major unit. */
    price: string | undefined;
    /** ISO 4217. */
    currency: string | undefined;
    /** Where to get it, when the server knows. */
    url: string | undefined;
}

/**
 * Where a customer stands with one meter. Quantities are decimal texts in the meter's unit,
 * undefined when the plan does not include the meter.
 */
export interface Standing {
    /** cus_...; of a consumption that was refused, as it was asked for. */
    customer: string;
    /** Its key. */
    plan: string;
    /** within_allowance, soft_limit_passed, overage, limit_exceeded, counter_full, not_in_plan. */
    reason: string;
    limit: string | undefined;
    used: string | undefined;
    remaining: string | undefined;
    overage: string | undefined;
    overageAllowed: boolean;
    /** Of the window that the numbers are of, the tightest: billing_period, day, rolling_5h. */
    reset: string | undefined;
    /** When that window begins anew; undefined when waiting never helps. */
    resetsAt: Date | undefined;
    /** Only when something was refused, and a plan has more. */
    upgrade: Upgrade | undefined;
}

export interface Entitlement extends Standing {
    allowed: boolean;
}

export interface Consumption extends Standing {
    /** False: nothing was recorded; `reason` says why. */
    allowed: boolean;
    /** This id was consumed before, and is counted once. */
    duplicate: boolean;
    /** That it is recorded under. */
    id: string;
}

export interface MeterUsage {
    meter: string;
    /** Decimal texts in the meter's unit. */
    used: string;
    included: string;
    remaining: string;
    overage: string;
    /** Held by open reservations, and not in `remaining`. */
    reserved: string;
    /** Of `included`: "25.0". */
    usagePercentage: string;
    overageAllowed: boolean;
    /** What the overage costs so far, in minor units of `currency`. */
    overageAmount: number;
    /** ISO 4217. */
    currency: string;
}

/** Usage of the current billing period, [periodStart, periodEnd). */
export interface UsageSummary {
    customer: string;
    plan: string;
    periodStart: Date;
    periodEnd: Date;
    meters: MeterUsage[];
}

export interface Customer {
    /** cus_... */
    id: string;
    externalId: string;
    email: string | undefined;
    name: string | undefined;
    metadata: Record<string, string>;
    createdAt: Date;
}

/**
 * The text itself.
 *
 * @throws TurnpikeError client.invalid_argument for half of a surrogate pair: UTF-8 cannot hold it,
 *     and what takes its place in an address is another text
 */
export function checkedText(text: string): string {
    if (/\p{Surrogate}/u.test(text)) throw invalidArgument('a text has half of a surrogate pair');
    return text;
}

/** @throws TurnpikeError client.invalid_argument as checkedText() */
export function writeBody(request: object): string {
    return JSON.stringify(request, (_, value: unknown) =>
        typeof value === 'string' ? checkedText(value) : value,
    );
}

export function object(value: unknown): Json {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
        throw new TypeError('something is no object');
    return value as Json;
}
function list(json: Json, name: string): unknown[] {
    const value = json[name];
    if (!Array.isArray(value)) throw new TypeError(`${name} is no list`);
    return value;
}
export function optionalText(json: Json, name: string): string | undefined {
    const value = json[name] ?? undefined;
    if (value !== undefined && typeof value !== 'string') throw new TypeError(`${name} is no text`);
    return value;
}
export function text(json: Json, name: string): string {
    const value = optionalText(json, name);
    if (value === undefined) throw new TypeError(`${name} is missing`);
    return value;
}
function flag(json: Json, name: string): boolean {
    const value = json[name];
    if (typeof value !== 'boolean') throw new TypeError(`${name} is not true or false`);
    return value;
}
function integer(json: Json, name: string): number {
    const value = json[name];
    if (!Number.isSafeInteger(value)) throw new TypeError(`${name} is no whole number`);
    return value as number;
}
export function instant(json: Json, name: string): Date {
    const value = new Date(text(json, name));
    if (Number.isNaN(value.getTime())) throw new TypeError(`${name} is no time`);
    return value;
}

function readUpgrade(json: Json, url: string | undefined): Upgrade {
    return {
        plan: text(json, 'plan'),
        name: text(json, 'name'),
        price: optionalText(json, 'price'),
        currency: optionalText(json, 'currency'),
        url,
    };
}

export function readStanding(json: Json): Standing {
    const upgrade = json['upgrade'];
    return {
        customer: optionalText(json, 'customer') ?? '',
        plan: optionalText(json, 'plan') ?? '',
        reason: optionalText(json, 'reason') ?? '',
        limit: optionalText(json, 'limit'),
        used: optionalText(json, 'used'),
        remaining: optionalText(json, 'remaining'),
        overage: optionalText(json, 'overage'),
        overageAllowed: json['overage_allowed'] === true,
        reset: optionalText(json, 'reset'),
        resetsAt: json['resets_at'] === undefined ? undefined : instant(json, 'resets_at'),
        upgrade:
            upgrade === undefined
                ? undefined
                : readUpgrade(object(upgrade), optionalText(json, 'upgrade_url')),
    };
}

export function readEntitlement(json: Json): Entitlement {
    return {...readStanding(json), allowed: flag(json, 'allowed')};
}

export function readConsumption(json: Json, id: string): Consumption {
    return {
        ...readStanding(json),
        allowed: flag(json, 'allowed'),
        duplicate: flag(json, 'duplicate'),
        id,
    };
}

/**
 * Where the customer stands whom the plan refused, limit_exceeded or not_in_plan; undefined for
 * every other error, and for a refusal that we cannot read: it stays an error.
 */
export function deniedStanding(error: unknown, customer: string): Standing | undefined {
    if (!(error instanceof TurnpikeError)) return undefined;
    const {problem, code} = error;
    if (problem?.status !== 402) return undefined;
    if (code !== 'limit_exceeded' && code !== 'not_in_plan') return undefined;
    try {
        return {...readStanding(problem), customer, reason: code};
    } catch {
        return undefined;
    }
}

function readMeter(json: Json): MeterUsage {
    return {
        meter: text(json, 'meter'),
        used: text(json, 'used'),
        included: text(json, 'included'),
        remaining: text(json, 'remaining'),
        overage: text(json, 'overage'),
        reserved: text(json, 'reserved'),
        usagePercentage: text(json, 'usage_percentage'),
        overageAllowed: flag(json, 'overage_allowed'),
        overageAmount: integer(json, 'overage_amount'),
        currency: text(json, 'currency'),
    };
}

export function readUsage(json: Json): UsageSummary {
    return {
        customer: text(json, 'customer'),
        plan: text(json, 'plan'),
        periodStart: instant(json, 'period_start'),
        periodEnd: instant(json, 'period_end'),
        meters: list(json, 'meters').map((row) => readMeter(object(row))),
    };
}

export function readCustomer(json: Json): Customer {
    const metadata = object(json['metadata']);
    return {
        id: text(json, 'id'),
        externalId: text(json, 'external_id'),
        email: optionalText(json, 'email'),
        name: optionalText(json, 'name'),
        metadata: Object.fromEntries(
            Object.keys(metadata).map((key) => [key, text(metadata, key)]),
        ),
        createdAt: instant(json, 'created_at'),
    };
}

const verdictKinds: readonly unknown[] = ['accepted', 'duplicate', 'conflict', 'rejected'];

/** One verdict for each of `count` events. */
export function readVerdicts(json: Json, count: number): Verdict[] {
    const verdicts = list(json, 'verdicts').map((kind): Verdict => {
        if (!verdictKinds.includes(kind)) throw new TypeError(`${kind} is no verdict`);
        return {kind: kind as VerdictKind};
    });
    if (verdicts.length !== count) throw new TypeError('it has another number of verdicts');
    for (const entry of [...list(json, 'conflicts'), ...list(json, 'rejected')].map(object)) {
        const verdict = verdicts[integer(entry, 'index')];
        if (verdict)
            Object.assign(verdict, {code: text(entry, 'code'), detail: text(entry, 'detail')});
    }
    return verdicts;
}

/**
 * Reads a 2xx.
 *
 * @throws TurnpikeError unavailable client.unexpected_answer when it is not what we know
 */
export function readAnswer<T>(answer: Answer, read: (json: Json) => T): T {
    try {
        return read(object(JSON.parse(answer.text)));
    } catch (error) {
        throw unexpectedAnswer(answer, error);
    }
}
