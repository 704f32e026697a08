-- The ledger. One text for SQLite and PostgreSQL. Instants are BIGINT microseconds since 1970 (UTC),
-- money is BIGINT minor units beside a lower-case currency code, quantities are scaled by 10^6 and
-- unit prices by 10^9. A flag is BIGINT 0 or 1. The identity of every obligation is a NOT NULL
-- unique key, so that doing it twice is impossible and not merely unlikely.

-- catalog ------------------------------------------------------------------------------------
CREATE TABLE plans (
    id         TEXT   NOT NULL PRIMARY KEY,
    key        TEXT   NOT NULL UNIQUE,
    name       TEXT   NOT NULL,
    rank       BIGINT NOT NULL,
    is_default BIGINT NOT NULL CHECK (is_default IN (0, 1)),
    archived_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX plans_one_default ON plans (is_default) WHERE is_default = 1 AND archived_at IS NULL;

-- Never updated: a change of content is the next number. Subscriptions point at a version.
CREATE TABLE plan_versions (
    id           TEXT   NOT NULL PRIMARY KEY,
    plan_id      TEXT   NOT NULL REFERENCES plans (id),
    number       BIGINT NOT NULL,
    content_hash TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    UNIQUE (plan_id, number)
);
CREATE TABLE prices (
    id              TEXT   NOT NULL PRIMARY KEY,
    plan_version_id TEXT   NOT NULL REFERENCES plan_versions (id),
    currency        TEXT   NOT NULL,
    interval        TEXT   NOT NULL CHECK (interval IN ('day', 'week', 'month', 'year')),
    interval_count  BIGINT NOT NULL CHECK (interval_count > 0),
    amount_minor    BIGINT NOT NULL CHECK (amount_minor >= 0),
    UNIQUE (plan_version_id, currency, interval, interval_count)
);
CREATE TABLE provider_prices (
    price_id          TEXT NOT NULL REFERENCES prices (id),
    provider          TEXT NOT NULL,
    provider_price_id TEXT NOT NULL,
    linked_at         BIGINT NOT NULL, -- the newest of a price is sold; subscribers keep theirs
    PRIMARY KEY (provider, provider_price_id)
);
CREATE INDEX provider_prices_by_price ON provider_prices (price_id, provider, linked_at);

CREATE TABLE meters (
    key         TEXT   NOT NULL PRIMARY KEY,
    name        TEXT   NOT NULL,
    unit        TEXT   NOT NULL,
    event_type  TEXT   NOT NULL,
    -- Never changes: what was counted in one way cannot go on in another.
    aggregation TEXT   NOT NULL CHECK (aggregation IN ('sum', 'count', 'max', 'min', 'last',
                    'unique')),
    property    TEXT   NOT NULL,
    filter      TEXT   NOT NULL, -- JSON: {"property": ["text", ..]}
    group_by    TEXT   NOT NULL, -- JSON: ["property", ..]
    archived_at BIGINT,
    created_at  BIGINT NOT NULL
);
CREATE TABLE allowances (
    plan_version_id    TEXT   NOT NULL REFERENCES plan_versions (id),
    meter_key          TEXT   NOT NULL REFERENCES meters (key),
    included           BIGINT NOT NULL CHECK (included >= 0),
    -- 'billing_period', 'day', 'week', 'month', 'lifetime', 'rolling_<n>h', 'rolling_<n>d'.
    reset              TEXT   NOT NULL,
    overage            TEXT   NOT NULL CHECK (overage IN ('block', 'bill', 'allow')),
    overage_unit_price BIGINT CHECK (overage_unit_price >= 0),
    overage_cap        BIGINT CHECK (overage_cap >= 0), -- as a unit price, scaled by 10^9
    PRIMARY KEY (plan_version_id, meter_key, reset),
    CHECK ((overage = 'bill') = (overage_unit_price IS NOT NULL)),
    CHECK (overage = 'bill' OR overage_cap IS NULL),
    CHECK (overage <> 'bill' OR reset = 'billing_period')
);
CREATE TABLE route_costs (
    position  BIGINT NOT NULL PRIMARY KEY,
    method    TEXT   NOT NULL,
    pattern   TEXT   NOT NULL,
    meter_key TEXT   NOT NULL REFERENCES meters (key),
    units     BIGINT NOT NULL CHECK (units >= 0),
    -- What a gateway does while usage cannot be counted; NULL: the customer's plan decides.
    on_failure TEXT CHECK (on_failure IN ('open', 'closed')),
    UNIQUE (method, pattern)
);

-- customers ----------------------------------------------------------------------------------
CREATE TABLE test_clocks (
    id                TEXT   NOT NULL PRIMARY KEY,
    name              TEXT   NOT NULL,
    provider          TEXT   NOT NULL,
    provider_clock_id TEXT   NOT NULL,
    frozen_time       BIGINT NOT NULL,
    created_at        BIGINT NOT NULL,
    UNIQUE (provider, provider_clock_id)
);
CREATE TABLE customers (
    id            TEXT   NOT NULL PRIMARY KEY,
    external_id   TEXT   NOT NULL UNIQUE,
    email         TEXT,
    name          TEXT,
    metadata      TEXT   NOT NULL,
    test_clock_id TEXT REFERENCES test_clocks (id),
    created_at    BIGINT NOT NULL,
    version       BIGINT NOT NULL
);
CREATE INDEX customers_by_age ON customers (created_at, id);
CREATE INDEX customers_by_test_clock ON customers (test_clock_id);
-- revision counts what the provider was to be told of name and e-mail; behind_since is set while it
-- has not been told the newest.
CREATE TABLE provider_customers (
    customer_id          TEXT NOT NULL REFERENCES customers (id),
    provider             TEXT NOT NULL,
    provider_customer_id TEXT NOT NULL,
    revision             BIGINT NOT NULL,
    behind_since         BIGINT,
    PRIMARY KEY (customer_id, provider),
    UNIQUE (provider, provider_customer_id)
);
CREATE INDEX provider_customers_behind
    ON provider_customers (provider, behind_since) WHERE behind_since IS NOT NULL;

-- access -------------------------------------------------------------------------------------
-- customer_id is '' for a seller's key. Only the hash of a key is stored.
CREATE TABLE api_keys (
    id          TEXT   NOT NULL PRIMARY KEY,
    hash        TEXT   NOT NULL UNIQUE,
    kind        TEXT   NOT NULL CHECK (kind IN ('seller', 'customer')),
    customer_id TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    scopes      TEXT   NOT NULL,
    hint        TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT,
    revoked_at  BIGINT,
    CHECK ((kind = 'seller') = (customer_id = ''))
);
CREATE INDEX api_keys_by_customer ON api_keys (customer_id, created_at);

-- Requests with an Idempotency-Key: what was asked for (both as digests) and what was answered. A
-- running one is somebody's until leased_until; progress names what it has begun.
CREATE TABLE idempotency_keys (
    id           TEXT   NOT NULL PRIMARY KEY,
    scope        TEXT   NOT NULL UNIQUE,
    fingerprint  TEXT   NOT NULL,
    state        TEXT   NOT NULL CHECK (state IN ('running', 'done')),
    runner       TEXT   NOT NULL,
    leased_until BIGINT NOT NULL,
    progress     TEXT,
    sealed_reply TEXT,
    created_at   BIGINT NOT NULL,
    CHECK ((state = 'done') = (sealed_reply IS NOT NULL))
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- What the servers of this ledger share and nobody else may know. A column whose name begins with
-- sealed_ is sealed with the master key (src/crypto/secret_box.h, src/app/sealed_columns.cc).
CREATE TABLE server_secrets (
    name         TEXT   NOT NULL PRIMARY KEY,
    sealed_value TEXT   NOT NULL,
    created_at   BIGINT NOT NULL
);

-- subscriptions ------------------------------------------------------------------------------
-- status 'creating' is ours alone: the start is committed, the provider has not confirmed it yet.
CREATE TABLE subscriptions (
    id                       TEXT   NOT NULL PRIMARY KEY,
    customer_id              TEXT   NOT NULL REFERENCES customers (id),
    plan_version_id          TEXT   NOT NULL REFERENCES plan_versions (id),
    price_id                 TEXT   NOT NULL REFERENCES prices (id),
    provider                 TEXT   NOT NULL,
    provider_subscription_id TEXT,
    provider_item_id         TEXT,
    status                   TEXT   NOT NULL CHECK (status IN ('creating', 'incomplete',
                                 'incomplete_expired', 'trialing', 'active', 'past_due', 'unpaid',
                                 'paused', 'canceled')),
    period_start             BIGINT NOT NULL,
    period_end               BIGINT NOT NULL CHECK (period_end >= period_start),
    cancel_at_period_end     BIGINT NOT NULL CHECK (cancel_at_period_end IN (0, 1)),
    cancel_at                BIGINT,
    canceled_at              BIGINT,
    started_at               BIGINT,
    ended_at                 BIGINT,
    applied_ticket           BIGINT NOT NULL,
    created_at               BIGINT NOT NULL,
    updated_at               BIGINT NOT NULL,
    version                  BIGINT NOT NULL
);
CREATE UNIQUE INDEX subscriptions_one_live ON subscriptions (customer_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX subscriptions_by_provider
    ON subscriptions (provider, provider_subscription_id) WHERE provider_subscription_id IS NOT NULL;
CREATE INDEX subscriptions_by_customer ON subscriptions (customer_id, created_at);
CREATE INDEX subscriptions_by_period_end ON subscriptions (status, period_end);

-- What somebody asked for, committed before the provider hears of it, and run again after a crash.
CREATE TABLE subscription_commands (
    id              TEXT   NOT NULL PRIMARY KEY,
    subscription_id TEXT   NOT NULL REFERENCES subscriptions (id),
    kind            TEXT   NOT NULL CHECK (kind IN ('start', 'change', 'cancel_now',
                        'cancel_at_period_end', 'keep')),
    price_id        TEXT REFERENCES prices (id),
    payment_method  TEXT,
    state           TEXT   NOT NULL CHECK (state IN ('pending', 'done', 'failed')),
    error_reason    TEXT,
    actor           TEXT   NOT NULL,
    request_id      TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    finished_at     BIGINT
);
CREATE UNIQUE INDEX subscription_commands_one_pending
    ON subscription_commands (subscription_id) WHERE state = 'pending';
CREATE UNIQUE INDEX subscription_commands_one_start
    ON subscription_commands (subscription_id) WHERE kind = 'start';
CREATE INDEX subscription_commands_pending ON subscription_commands (state, created_at);

-- metering -----------------------------------------------------------------------------------
-- meter_key, quantity, reset and period_start are those of the first counter that it moved.
CREATE TABLE usage_events (
    id              TEXT   NOT NULL PRIMARY KEY,
    source          TEXT   NOT NULL,
    event_id        TEXT   NOT NULL,
    customer_id     TEXT   NOT NULL REFERENCES customers (id),
    meter_key       TEXT   NOT NULL REFERENCES meters (key),
    quantity        BIGINT NOT NULL CHECK (quantity >= 0),
    event_time      BIGINT NOT NULL,
    received_at     BIGINT NOT NULL,
    -- These say, with customer and meter, which counter it moved.
    subscription_id TEXT   NOT NULL,
    reset           TEXT   NOT NULL,
    period_start    BIGINT NOT NULL,
    segment         BIGINT NOT NULL DEFAULT 0, -- of that counter, in which it counted
    position        BIGINT, -- where it shows the last value: among its events, as they were counted
    value_hash      BIGINT, -- where it counts different values: of the one that this event has
    latency_us      BIGINT,
    properties      TEXT   NOT NULL, -- '', or a JSON object
    content_hash    TEXT   NOT NULL,
    UNIQUE (source, event_id)
);
CREATE INDEX usage_events_by_customer ON usage_events (customer_id, id);
-- The other counters that it moved: of other meters, and of other windows of one.
CREATE TABLE usage_event_counts (
    usage_event_id TEXT   NOT NULL REFERENCES usage_events (id),
    number         BIGINT NOT NULL CHECK (number > 0),
    meter_key      TEXT   NOT NULL REFERENCES meters (key),
    reset          TEXT   NOT NULL,
    period_start   BIGINT NOT NULL,
    quantity       BIGINT NOT NULL CHECK (quantity >= 0),
    segment        BIGINT NOT NULL DEFAULT 0,
    position       BIGINT,
    value_hash     BIGINT,
    PRIMARY KEY (usage_event_id, number)
);

-- subscription_id is '' where the default plan gives the allowance. Without it, two contracts whose
-- periods begin in the same second would share a counter, and one of them would pay for both.
-- hard_limit is absolute for the whole window and NULL where overage has no end. A counter that can
-- fall may stand above it when its allowance became smaller. Whoever changes anything of a counter
-- updates this row: that is what keeps two transactions apart.
CREATE TABLE usage_counters (
    customer_id     TEXT   NOT NULL REFERENCES customers (id),
    subscription_id TEXT   NOT NULL,
    meter_key       TEXT   NOT NULL REFERENCES meters (key),
    reset           TEXT   NOT NULL,
    period_start    BIGINT NOT NULL,
    period_end      BIGINT NOT NULL,
    aggregation     TEXT   NOT NULL,
    used            BIGINT NOT NULL CHECK (used >= 0),
    hard_limit      BIGINT,
    last_at         BIGINT, -- time of the latest event, where the next one needs to know it
    events          BIGINT NOT NULL DEFAULT 0, -- so far, where it shows the last value
    held            BIGINT NOT NULL CHECK (held >= 0), -- by open reservations
    PRIMARY KEY (customer_id, subscription_id, meter_key, reset, period_start),
    CHECK (hard_limit IS NULL OR used + held <= hard_limit
           OR aggregation IN ('min', 'last') OR reset LIKE 'rolling%')
);
-- Which allowance was in force from which count on: usage is rated by the plan it was used under.
CREATE TABLE usage_segments (
    customer_id        TEXT   NOT NULL REFERENCES customers (id),
    subscription_id    TEXT   NOT NULL,
    meter_key          TEXT   NOT NULL REFERENCES meters (key),
    reset              TEXT   NOT NULL,
    period_start       BIGINT NOT NULL,
    number             BIGINT NOT NULL,
    plan_version_id    TEXT   NOT NULL REFERENCES plan_versions (id),
    from_used          BIGINT NOT NULL CHECK (from_used >= 0),
    included           BIGINT NOT NULL CHECK (included >= 0),
    overage_unit_price BIGINT,
    overage_cap        BIGINT,
    PRIMARY KEY (customer_id, subscription_id, meter_key, reset, period_start, number)
);
-- A rolling window's usage, by steps of time; what has left the window has no row.
CREATE TABLE usage_buckets (
    customer_id     TEXT   NOT NULL REFERENCES customers (id),
    subscription_id TEXT   NOT NULL,
    meter_key       TEXT   NOT NULL REFERENCES meters (key),
    reset           TEXT   NOT NULL,
    number          BIGINT NOT NULL,
    used            BIGINT NOT NULL CHECK (used >= 0),
    PRIMARY KEY (customer_id, subscription_id, meter_key, reset, number)
);
-- What a counter of different values has seen: 64 bits of each value's hash.
CREATE TABLE usage_unique_values (
    customer_id     TEXT   NOT NULL REFERENCES customers (id),
    subscription_id TEXT   NOT NULL,
    meter_key       TEXT   NOT NULL REFERENCES meters (key),
    reset           TEXT   NOT NULL,
    period_start    BIGINT NOT NULL,
    value_hash      BIGINT NOT NULL,
    PRIMARY KEY (customer_id, subscription_id, meter_key, reset, period_start, value_hash)
);
-- A correction has a row in usage_events too: one name is one event for ever, whatever it says. Its
-- meter, window and segment are those of the original's first counter, and its quantity is 0.
CREATE TABLE usage_corrections (
    original_id TEXT   NOT NULL REFERENCES usage_events (id),
    number      BIGINT NOT NULL CHECK (number > 0), -- of the corrections of this event
    id          TEXT   NOT NULL UNIQUE REFERENCES usage_events (id),
    kind        TEXT   NOT NULL CHECK (kind IN ('void', 'amend')),
    quantity    BIGINT CHECK (quantity >= 0),
    PRIMARY KEY (original_id, number),
    CHECK ((kind = 'amend') = (quantity IS NOT NULL))
);
CREATE UNIQUE INDEX usage_corrections_one_void ON usage_corrections (original_id)
    WHERE kind = 'void';
-- How much more the event counts in each of its counters since: below 0, less.
CREATE TABLE usage_correction_counts (
    correction_id TEXT   NOT NULL REFERENCES usage_events (id),
    number        BIGINT NOT NULL,
    meter_key     TEXT   NOT NULL REFERENCES meters (key),
    reset         TEXT   NOT NULL,
    period_start  BIGINT NOT NULL,
    change        BIGINT NOT NULL,
    PRIMARY KEY (correction_id, number)
);
-- A reservation, for ever; what it holds is in its counters while it is open. Its name is a row of
-- usage_events under its own id, with the quantity 0, until a commit puts the event there.
CREATE TABLE usage_holds (
    id              TEXT   NOT NULL PRIMARY KEY,
    source          TEXT   NOT NULL,
    event_id        TEXT   NOT NULL,
    customer_id     TEXT   NOT NULL REFERENCES customers (id),
    subscription_id TEXT   NOT NULL,
    meter_key       TEXT   NOT NULL REFERENCES meters (key),
    reserved        BIGINT NOT NULL CHECK (reserved >= 0),
    event_time      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    received_at     BIGINT NOT NULL,
    properties      TEXT   NOT NULL, -- '', or a JSON object
    content_hash    TEXT   NOT NULL,
    status          TEXT   NOT NULL CHECK (status IN ('open', 'committed', 'released', 'expired')),
    quantity        BIGINT CHECK (quantity >= 0), -- of a committed one: what was used
    ended_at        BIGINT,
    UNIQUE (source, event_id),
    CHECK ((status = 'open') = (ended_at IS NULL)),
    CHECK ((status = 'committed') = (quantity IS NOT NULL))
);
CREATE INDEX usage_holds_open ON usage_holds (customer_id, expires_at) WHERE status = 'open';
-- The counters that it holds a part of, one for each window of its meter.
CREATE TABLE usage_hold_counts (
    hold_id      TEXT   NOT NULL REFERENCES usage_holds (id),
    number       BIGINT NOT NULL,
    reset        TEXT   NOT NULL,
    period_start BIGINT NOT NULL,
    quantity     BIGINT NOT NULL CHECK (quantity >= 0),
    PRIMARY KEY (hold_id, number)
);

-- invoicing ----------------------------------------------------------------------------------
CREATE TABLE invoices (
    id                  TEXT   NOT NULL PRIMARY KEY,
    customer_id         TEXT   NOT NULL REFERENCES customers (id),
    subscription_id     TEXT REFERENCES subscriptions (id),
    provider            TEXT   NOT NULL,
    provider_invoice_id TEXT   NOT NULL,
    number              TEXT,
    status              TEXT   NOT NULL CHECK (status IN ('draft', 'open', 'paid', 'void', 'uncollectible')),
    billing_reason      TEXT   NOT NULL,
    currency            TEXT   NOT NULL,
    subtotal_minor      BIGINT NOT NULL,
    total_minor         BIGINT NOT NULL,
    amount_due_minor    BIGINT NOT NULL,
    amount_paid_minor   BIGINT NOT NULL,
    attempt_count       BIGINT NOT NULL,
    hosted_url          TEXT,
    pdf_url             TEXT,
    period_start        BIGINT NOT NULL,
    period_end          BIGINT NOT NULL,
    issued_at           BIGINT,
    paid_at             BIGINT,
    applied_ticket      BIGINT NOT NULL,
    created_at          BIGINT NOT NULL,
    updated_at          BIGINT NOT NULL,
    UNIQUE (provider, provider_invoice_id)
);
CREATE INDEX invoices_by_customer ON invoices (customer_id, created_at);
CREATE TABLE invoice_lines (
    id               TEXT   NOT NULL PRIMARY KEY,
    invoice_id       TEXT   NOT NULL REFERENCES invoices (id),
    provider_line_id TEXT   NOT NULL,
    position         BIGINT NOT NULL,
    kind             TEXT   NOT NULL CHECK (kind IN ('plan', 'proration', 'overage', 'other')),
    description      TEXT   NOT NULL,
    quantity         BIGINT NOT NULL,
    amount_minor     BIGINT NOT NULL,
    period_start     BIGINT NOT NULL,
    period_end       BIGINT NOT NULL,
    overage_charge_id TEXT, -- of overage, as the provider's line names it
    UNIQUE (invoice_id, provider_line_id)
);
CREATE INDEX invoice_lines_by_charge ON invoice_lines (overage_charge_id)
    WHERE overage_charge_id IS NOT NULL;

-- billing ------------------------------------------------------------------------------------
CREATE TABLE period_closes (
    subscription_id     TEXT   NOT NULL REFERENCES subscriptions (id),
    period_start        BIGINT NOT NULL,
    period_end          BIGINT NOT NULL,
    -- Where the overage lines go; provider_invoice_id is empty while that invoice is not there.
    placement           TEXT   NOT NULL CHECK (placement IN ('undecided', 'renewal_draft', 'own_invoice')),
    provider_invoice_id TEXT   NOT NULL,
    state               TEXT   NOT NULL CHECK (state IN ('pending', 'done')),
    created_at          BIGINT NOT NULL,
    closed_at           BIGINT,
    PRIMARY KEY (subscription_id, period_start)
);
CREATE INDEX period_closes_pending ON period_closes (state, created_at);
-- What the close of a period charges: its own overage, and, for periods before it, what late usage
-- and corrections have changed since they were charged. billed_period_start names the close.
CREATE TABLE overage_charges (
    id                       TEXT   NOT NULL PRIMARY KEY,
    subscription_id          TEXT   NOT NULL REFERENCES subscriptions (id),
    meter_key                TEXT   NOT NULL REFERENCES meters (key),
    period_start             BIGINT NOT NULL,
    period_end               BIGINT NOT NULL,
    segment                  BIGINT NOT NULL,
    billed_period_start      BIGINT NOT NULL,
    plan_version_id          TEXT   NOT NULL REFERENCES plan_versions (id),
    quantity                 BIGINT NOT NULL,
    unit_price               BIGINT NOT NULL CHECK (unit_price >= 0),
    amount_minor             BIGINT NOT NULL,
    currency                 TEXT   NOT NULL,
    provider_invoice_item_id TEXT,
    created_at               BIGINT NOT NULL,
    UNIQUE (subscription_id, meter_key, period_start, segment, billed_period_start),
    CHECK (billed_period_start >= period_start),
    -- Only an adjustment gives back.
    CHECK (billed_period_start > period_start OR (quantity > 0 AND amount_minor >= 0))
);
CREATE INDEX overage_charges_by_close ON overage_charges (subscription_id, billed_period_start);

-- payments -----------------------------------------------------------------------------------
-- One row per obligation toward a provider, committed before the call leaves. `obligation` names
-- what is owed ("subscription:sub_..:start"); the idempotency key derives from it.
CREATE TABLE provider_intents (
    id              TEXT   NOT NULL PRIMARY KEY,
    provider        TEXT   NOT NULL,
    obligation      TEXT   NOT NULL,
    idempotency_key TEXT   NOT NULL UNIQUE,
    method          TEXT   NOT NULL,
    path            TEXT   NOT NULL,
    body            TEXT   NOT NULL,
    state           TEXT   NOT NULL CHECK (state IN ('pending', 'succeeded', 'refused', 'unknown')),
    http_status     BIGINT,
    reply           TEXT,
    attempts        BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    UNIQUE (provider, obligation)
);
CREATE INDEX provider_intents_open ON provider_intents (state, updated_at);

-- A fetch takes the next ticket before it asks the provider; a reply is applied to a row only when
-- its ticket is newer than the row's applied_ticket, so that a slow reply never undoes a later one.
CREATE TABLE fetch_tickets (
    name TEXT   NOT NULL PRIMARY KEY,
    last BIGINT NOT NULL
);

-- webhooks -----------------------------------------------------------------------------------
CREATE TABLE inbox_events (
    id                TEXT   NOT NULL PRIMARY KEY,
    provider          TEXT   NOT NULL,
    provider_event_id TEXT   NOT NULL,
    type              TEXT   NOT NULL,
    payload           TEXT   NOT NULL,
    state             TEXT   NOT NULL CHECK (state IN ('pending', 'done', 'dead')),
    attempts          BIGINT NOT NULL,
    next_attempt_at   BIGINT NOT NULL,
    last_error        TEXT,
    received_at       BIGINT NOT NULL,
    applied_at        BIGINT,
    UNIQUE (provider, provider_event_id)
);
CREATE INDEX inbox_events_due ON inbox_events (state, next_attempt_at);

-- audit --------------------------------------------------------------------------------------
CREATE TABLE audit_events (
    id          TEXT   NOT NULL PRIMARY KEY,
    at          BIGINT NOT NULL,
    actor       TEXT   NOT NULL,
    action      TEXT   NOT NULL,
    object_id   TEXT   NOT NULL,
    customer_id TEXT   NOT NULL,
    request_id  TEXT   NOT NULL,
    detail      TEXT   NOT NULL,
    -- Its place in the chain of hashes (src/audit/chain.h), a moment after it was written.
    sequence    BIGINT,
    chain_hash  TEXT,
    CHECK ((sequence IS NULL) = (chain_hash IS NULL))
);
CREATE UNIQUE INDEX audit_events_by_sequence ON audit_events (sequence) WHERE sequence IS NOT NULL;
CREATE INDEX audit_events_unsealed ON audit_events (at, id) WHERE sequence IS NULL;
-- One row: whoever joins records to the chain moves it, so that two cannot at the same time.
CREATE TABLE audit_chain_end (
    name      TEXT   NOT NULL PRIMARY KEY CHECK (name = 'end'),
    sequence  BIGINT NOT NULL,
    hash      TEXT   NOT NULL,
    sealed_at BIGINT NOT NULL
);
CREATE INDEX audit_events_by_customer ON audit_events (customer_id, at);
CREATE INDEX audit_events_by_age ON audit_events (at, id);
CREATE INDEX audit_events_by_object ON audit_events (object_id, action);

-- usage figures -------------------------------------------------------------------------------
-- What was used, by hour and by day (UTC) of the events' own times. customer_id is '' for the sum of
-- all customers; route is '' where no gateway named one. The sum is units + millionths / 10^6.
-- latencies is a histogram (src/analytics/usage/latency_histogram.h).
CREATE TABLE usage_rollups (
    customer_id TEXT   NOT NULL,
    meter_key   TEXT   NOT NULL,
    span        TEXT   NOT NULL CHECK (span IN ('hour', 'day')),
    starts_at   BIGINT NOT NULL,
    route       TEXT   NOT NULL,
    events      BIGINT NOT NULL,
    units       BIGINT NOT NULL,
    millionths  BIGINT NOT NULL CHECK (millionths >= 0 AND millionths < 1000000),
    latencies   TEXT   NOT NULL,
    PRIMARY KEY (customer_id, meter_key, span, starts_at, route)
);
-- It has all that a ranking of customers reads.
CREATE INDEX usage_rollups_by_day
    ON usage_rollups (meter_key, starts_at, customer_id, events, units, millionths)
 WHERE span = 'day';

-- What was used, by day and by the properties that the event's meters group by; at most 1,000 of them
-- a day. customer_id and the sum are as in usage_rollups.
CREATE TABLE usage_groups (
    customer_id TEXT   NOT NULL,
    meter_key   TEXT   NOT NULL,
    starts_at   BIGINT NOT NULL,
    properties  TEXT   NOT NULL,
    events      BIGINT NOT NULL,
    units       BIGINT NOT NULL,
    millionths  BIGINT NOT NULL CHECK (millionths >= 0 AND millionths < 1000000),
    PRIMARY KEY (customer_id, meter_key, starts_at, properties)
);

-- How much of the usage log is in usage_rollups; written with them. One row.
CREATE TABLE usage_rollup_marks (
    name           TEXT   NOT NULL PRIMARY KEY,
    next_sequence  BIGINT NOT NULL,
    last_arrival   BIGINT NOT NULL,
    segment_offset BIGINT NOT NULL
);

-- Where usage is kept in the ledger: what was recorded and is not in usage_rollups yet. Written with
-- the events, deleted with the rollups. latencies are microseconds, separated by spaces; windows are
-- the counters that moved, each as subscription,reset,beginning and separated likewise.
CREATE TABLE usage_deltas (
    id          TEXT   NOT NULL PRIMARY KEY,
    customer_id TEXT   NOT NULL,
    meter_key   TEXT   NOT NULL,
    source      TEXT   NOT NULL,
    properties  TEXT   NOT NULL,
    hour        BIGINT NOT NULL,
    events      BIGINT NOT NULL,
    units       BIGINT NOT NULL,
    millionths  BIGINT NOT NULL,
    latencies   TEXT   NOT NULL,
    windows     TEXT   NOT NULL
);

-- Percentages of allowances and spend caps that usage has reached: one row each in a window, for
-- ever. Written with usage_rollups. window_start is that of the counter; of counters that can fall
-- and have no end, the day (UTC) in which it was reached. full_amount, which is 100 percent, and
-- reached_amount are decimals: of units, or of money in major currency units.
CREATE TABLE usage_alerts (
    id              TEXT   NOT NULL PRIMARY KEY,
    customer_id     TEXT   NOT NULL,
    subscription_id TEXT   NOT NULL,
    meter_key       TEXT   NOT NULL,
    reset           TEXT   NOT NULL,
    window_start    BIGINT NOT NULL,
    window_end      BIGINT NOT NULL,
    kind            TEXT   NOT NULL CHECK (kind IN ('usage', 'spend')),
    percent         BIGINT NOT NULL,
    full_amount     TEXT   NOT NULL,
    reached_amount  TEXT   NOT NULL,
    crossed_at      BIGINT NOT NULL,
    UNIQUE (customer_id, subscription_id, meter_key, reset, window_start, kind, percent)
);
CREATE INDEX usage_alerts_by_time ON usage_alerts (crossed_at, id);
CREATE INDEX usage_alerts_by_customer ON usage_alerts (customer_id, crossed_at, id);

-- Requests that gateways served, from their access logs. route is the catalog's, "METHOD PATTERN",
-- or 'other'; customer_id is '' for the sum of all requests, known customer or not.
CREATE TABLE request_rollups (
    customer_id   TEXT   NOT NULL,
    route         TEXT   NOT NULL,
    span          TEXT   NOT NULL CHECK (span IN ('hour', 'day')),
    starts_at     BIGINT NOT NULL,
    requests      BIGINT NOT NULL,
    client_errors BIGINT NOT NULL,
    server_errors BIGINT NOT NULL,
    latencies     TEXT   NOT NULL,
    PRIMARY KEY (customer_id, route, span, starts_at)
);
