export {Client} from './client.js';
export type {CheckRequest, ClientOptions, ConsumeRequest, CustomerDraft} from './client.js';
export {systemClock} from './clock.js';
export type {Clock} from './clock.js';
export {TurnpikeError} from './errors.js';
export type {ErrorKind, FieldError, Problem} from './errors.js';
export {isCounted, newEventId} from './event.js';
export type {
    AmendEvent,
    AnyEvent,
    Correction,
    EventName,
    NamedEvent,
    Quantity,
    UsageEvent,
    Verdict,
    VerdictKind,
    VoidEvent,
} from './event.js';
export {Recorder} from './recorder.js';
export type {FlushReport, RecorderOptions} from './recorder.js';
export type {
    EndAnswer,
    EndOutcome,
    Reservation,
    ReservationStatus,
    ReserveAnswer,
    ReserveRequest,
} from './reservation.js';
export type {Backoff} from './retry.js';
export type {
    Consumption,
    Customer,
    Entitlement,
    MeterUsage,
    Standing,
    Upgrade,
    UsageSummary,
} from './wire.js';
