-- The ledger. One text for SQLite and PostgreSQL. Instants are BIGINT microseconds since 1970 (UTC),
-- money is BIGINT minor units beside a lower-case currency code, quantities are scaled by 10^6 and
-- unit prices by 10^9. A flag is BIGINT 0 or 1. The identity of every obligation is a NOT NULL
-- unique key, so that doing it twice is impossible and not merely unlikely.

-- catalog ------------------------------------------------------------------------------------
-- What one interface sells. The first one applied, at position 0, is the primary one for ever: its
-- plans' and customers' names are bare, those of the others begin with 'key~'.
CREATE TABLE catalogs (
    key      TEXT   NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL UNIQUE
);
-- What was made over the API ('api') is not touched when a file is applied.
CREATE TABLE plans (
    id          TEXT   NOT NULL PRIMARY KEY,
    catalog     TEXT   NOT NULL REFERENCES catalogs (key),
    key         TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    description TEXT   NOT NULL,
    rank        BIGINT NOT NULL,
    is_default  BIGINT NOT NULL CHECK (is_default IN (0, 1)),
    origin      TEXT   NOT NULL CHECK (origin IN ('file', 'api')),
    trial_days_max BIGINT NOT NULL CHECK (trial_days_max >= 0), -- of one that a customer asks for himself
    archived_at BIGINT,
    created_at  BIGINT NOT NULL,
    UNIQUE (catalog, key)
);
CREATE UNIQUE INDEX plans_one_default
    ON plans (catalog) WHERE is_default = 1 AND archived_at IS NULL;

-- Never updated: a change of content is the next number. Subscriptions point at a version.
CREATE TABLE plan_versions (
    id           TEXT   NOT NULL PRIMARY KEY,
    plan_id      TEXT   NOT NULL REFERENCES plans (id),
    number       BIGINT NOT NULL,
    content_hash TEXT   NOT NULL,
    custom_price BIGINT NOT NULL CHECK (custom_price IN (0, 1)), -- it has no prices, and is not bought
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

-- The kind never changes: what versions of plans say of a feature is read by it. Meters are
-- features too, and have a table of their own.
CREATE TABLE features (
    catalog     TEXT   NOT NULL REFERENCES catalogs (key),
    key         TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    kind        TEXT   NOT NULL CHECK (kind IN ('boolean', 'configuration', 'capacity')),
    origin      TEXT   NOT NULL CHECK (origin IN ('file', 'api')),
    archived_at BIGINT,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (catalog, key)
);
-- value: 'true' or 'false', a text, or a whole number or 'unlimited', as the feature's kind says.
CREATE TABLE plan_features (
    plan_version_id TEXT NOT NULL REFERENCES plan_versions (id),
    feature_key     TEXT NOT NULL, -- of the plan's catalog
    value           TEXT NOT NULL,
    -- In the list that people read; those without a place (0) come first, by their keys.
    position        BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (plan_version_id, feature_key)
);

-- Keys are unique over all catalogs, because events and counters name meters alone.
CREATE TABLE meters (
    key         TEXT   NOT NULL PRIMARY KEY,
    catalog     TEXT   NOT NULL REFERENCES catalogs (key),
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
    catalog   TEXT   NOT NULL REFERENCES catalogs (key),
    position  BIGINT NOT NULL,
    method    TEXT   NOT NULL,
    pattern   TEXT   NOT NULL,
    meter_key TEXT   NOT NULL REFERENCES meters (key),
    units     BIGINT NOT NULL CHECK (units >= 0),
    -- What a gateway does while usage cannot be counted; NULL: the customer's plan decides.
    on_failure TEXT CHECK (on_failure IN ('open', 'closed')),
    PRIMARY KEY (catalog, position),
    UNIQUE (method, pattern)
);
-- What a host puts before its own routes. rate_limit: '60/minute'.
CREATE TABLE route_guards (
    catalog     TEXT   NOT NULL REFERENCES catalogs (key),
    position    BIGINT NOT NULL,
    method      TEXT   NOT NULL,
    pattern     TEXT   NOT NULL,
    feature_key TEXT   NOT NULL, -- of the catalog; '': none is needed
    rate_limit  TEXT,
    PRIMARY KEY (catalog, position),
    UNIQUE (method, pattern)
);
CREATE TABLE feature_rates (
    catalog     TEXT NOT NULL REFERENCES catalogs (key),
    feature_key TEXT NOT NULL, -- of the catalog, no meter
    rate_limit  TEXT NOT NULL,
    PRIMARY KEY (catalog, feature_key)
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
    external_id   TEXT   NOT NULL UNIQUE, -- 'learning-app~alice' where the catalog is not the primary one
    catalog       TEXT   NOT NULL DEFAULT '', -- a key; '' only in a ledger that has no catalog
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

-- people -------------------------------------------------------------------------------------
-- external_id is what a host's token calls the user, or the id where he signed up here: it is also
-- that of his customer. email_key is the folded e-mail, or the id where there is none.
CREATE TABLE users (
    id             TEXT   NOT NULL PRIMARY KEY,
    external_id    TEXT   NOT NULL UNIQUE,
    email          TEXT,
    email_key      TEXT   NOT NULL UNIQUE,
    password_hash  TEXT,
    name           TEXT,
    is_superuser   BIGINT NOT NULL CHECK (is_superuser IN (0, 1)),
    deactivated_at BIGINT,
    last_seen_at   BIGINT,
    created_at     BIGINT NOT NULL,
    version        BIGINT NOT NULL
);
CREATE INDEX users_by_age ON users (created_at, id);
-- Only hashes of what people get are stored. What a request needs of the user is copied, so that
-- looking a session up is one row.
CREATE TABLE sessions (
    id           TEXT   NOT NULL PRIMARY KEY,
    hash         TEXT   NOT NULL UNIQUE,
    user_id      TEXT   NOT NULL REFERENCES users (id),
    external_id  TEXT   NOT NULL,
    email        TEXT,
    is_superuser BIGINT NOT NULL CHECK (is_superuser IN (0, 1)),
    peer         TEXT   NOT NULL,
    user_agent   TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    revoked_at   BIGINT
);
CREATE INDEX sessions_by_user ON sessions (user_id, created_at);
CREATE TABLE password_resets (
    id         TEXT   NOT NULL PRIMARY KEY,
    hash       TEXT   NOT NULL UNIQUE,
    user_id    TEXT   NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT
);
CREATE INDEX password_resets_by_user ON password_resets (user_id, created_at);
-- version is raised with every change of who the members are, so that two changes meet there.
-- deactivated_by says who may take it back: 'member', or 'seller' for nobody else.
CREATE TABLE organizations (
    id             TEXT   NOT NULL PRIMARY KEY,
    slug           TEXT   NOT NULL UNIQUE,
    name           TEXT   NOT NULL,
    customer_id    TEXT   NOT NULL UNIQUE REFERENCES customers (id),
    deactivated_at BIGINT,
    deactivated_by TEXT   NOT NULL CHECK (deactivated_by IN ('', 'member', 'seller')),
    made_by        TEXT   REFERENCES users (id),
    created_at     BIGINT NOT NULL,
    version        BIGINT NOT NULL,
    CHECK ((deactivated_at IS NULL) = (deactivated_by = ''))
);
CREATE INDEX organizations_by_age ON organizations (created_at, id);
CREATE INDEX organizations_by_maker ON organizations (made_by, created_at);
CREATE TABLE memberships (
    organization_id TEXT   NOT NULL REFERENCES organizations (id),
    user_id         TEXT   NOT NULL REFERENCES users (id),
    role            TEXT   NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (organization_id, user_id)
);
CREATE INDEX memberships_by_user ON memberships (user_id, organization_id);
CREATE TABLE invitations (
    id              TEXT   NOT NULL PRIMARY KEY,
    hash            TEXT   NOT NULL UNIQUE,
    organization_id TEXT   NOT NULL REFERENCES organizations (id),
    email           TEXT   NOT NULL,
    email_key       TEXT   NOT NULL,
    role            TEXT   NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
    state           TEXT   NOT NULL CHECK (state IN ('open', 'accepted', 'withdrawn', 'expired')),
    invited_by      TEXT   REFERENCES users (id),
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL
);
CREATE UNIQUE INDEX invitations_one_open
    ON invitations (organization_id, email_key) WHERE state = 'open';
CREATE INDEX invitations_by_organization ON invitations (organization_id, created_at, id);
CREATE INDEX invitations_by_address ON invitations (email_key, created_at);
CREATE INDEX invitations_by_inviter ON invitations (invited_by, created_at);
CREATE TABLE projects (
    id              TEXT   NOT NULL PRIMARY KEY,
    organization_id TEXT   NOT NULL REFERENCES organizations (id),
    name            TEXT   NOT NULL,
    archived_at     BIGINT,
    created_at      BIGINT NOT NULL,
    version         BIGINT NOT NULL
);
CREATE INDEX projects_by_organization ON projects (organization_id, created_at, id);

-- entitlements -------------------------------------------------------------------------------
-- What one customer has instead of what his plan says. Of those that are neither removed nor expired,
-- the newest counts.
CREATE TABLE entitlement_overrides (
    customer_id TEXT   NOT NULL REFERENCES customers (id),
    feature_key TEXT   NOT NULL, -- of the customer's catalog; a meter's key, too
    number      BIGINT NOT NULL, -- 1, 2, ..; the highest of a feature is the newest
    value       TEXT   NOT NULL, -- as in plan_features; of a meter: '2000', '2000 block', 'unlimited'
    actor       TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT, -- in the customer's time; NULL: never
    removed_at  BIGINT,
    PRIMARY KEY (customer_id, feature_key, number)
);
-- How many there are now of what a capacity feature limits; moved only by one conditional statement.
CREATE TABLE capacity_counters (
    customer_id TEXT   NOT NULL REFERENCES customers (id),
    feature_key TEXT   NOT NULL,
    used        BIGINT NOT NULL CHECK (used >= 0),
    PRIMARY KEY (customer_id, feature_key)
);

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
-- sealed_ is sealed with the master key (src/crypto/secret_box.h, src/app/config/sealed_columns.cc).
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
    authorization_url        TEXT,
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
    paid_elsewhere_until     BIGINT, -- by the provider that it has moved from
    applied_ticket           BIGINT NOT NULL,
    created_at               BIGINT NOT NULL,
    updated_at               BIGINT NOT NULL,
    version                  BIGINT NOT NULL,
    quantity                 BIGINT NOT NULL DEFAULT 1 CHECK (quantity > 0),
    cancel_comment           TEXT,
    cancel_feedback          TEXT,
    trial_start              BIGINT,
    trial_end                BIGINT,
    trial_end_behavior       TEXT CHECK (trial_end_behavior IN ('cancel', 'pause',
                                 'create_invoice')),
    -- While set, nothing is collected and the plan is not given, whatever the status says.
    pause_behavior           TEXT CHECK (pause_behavior IN ('keep_as_draft', 'mark_uncollectible',
                                 'void')),
    resumes_at               BIGINT,
    paused_at                BIGINT,
    grace_ends_at            BIGINT, -- until then what is past due keeps its plan
    pending_price_id         TEXT REFERENCES prices (id),
    pending_quantity         BIGINT CHECK (pending_quantity > 0),
    pending_at               BIGINT,
    CHECK (pause_behavior IS NOT NULL OR resumes_at IS NULL),
    CHECK ((pending_price_id IS NULL) = (pending_quantity IS NULL)),
    CHECK ((pending_price_id IS NULL) = (pending_at IS NULL))
);
CREATE UNIQUE INDEX subscriptions_one_live ON subscriptions (customer_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX subscriptions_by_provider
    ON subscriptions (provider, provider_subscription_id) WHERE provider_subscription_id IS NOT NULL;
CREATE INDEX subscriptions_by_customer ON subscriptions (customer_id, created_at);
CREATE INDEX subscriptions_by_period_end ON subscriptions (status, period_end);
CREATE INDEX subscriptions_by_end ON subscriptions (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX subscriptions_by_planned_change ON subscriptions (pending_at)
    WHERE ended_at IS NULL AND pending_at IS NOT NULL;
CREATE INDEX subscriptions_by_planned_end ON subscriptions (cancel_at)
    WHERE ended_at IS NULL AND cancel_at IS NOT NULL;
CREATE INDEX subscriptions_by_version ON subscriptions (plan_version_id, id)
    WHERE ended_at IS NULL;
CREATE INDEX subscriptions_by_trial_end ON subscriptions (status, trial_end)
    WHERE ended_at IS NULL AND trial_end IS NOT NULL;

-- One trial of a catalog's plans per customer, ever. A start that came to nothing gives it back.
CREATE TABLE trials_used (
    customer_id     TEXT   NOT NULL REFERENCES customers (id),
    catalog         TEXT   NOT NULL REFERENCES catalogs (key),
    subscription_id TEXT   NOT NULL REFERENCES subscriptions (id),
    used_at         BIGINT NOT NULL,
    PRIMARY KEY (customer_id, catalog)
);

-- That the end of a trial was told of; another end is another row.
CREATE TABLE trial_reminders (
    subscription_id TEXT   NOT NULL REFERENCES subscriptions (id),
    trial_end       BIGINT NOT NULL,
    told_at         BIGINT NOT NULL,
    PRIMARY KEY (subscription_id, trial_end)
);

-- That a plan which is not paid is not given any more was told of: the end of a grace or, where the
-- provider has given up before there was one, the beginning of the period.
CREATE TABLE access_ends_told (
    subscription_id TEXT   NOT NULL REFERENCES subscriptions (id),
    ended_at        BIGINT NOT NULL,
    told_at         BIGINT NOT NULL,
    PRIMARY KEY (subscription_id, ended_at)
);

-- What somebody asked for, committed before the provider hears of it, and run again after a crash.
CREATE TABLE subscription_commands (
    id              TEXT   NOT NULL PRIMARY KEY,
    subscription_id TEXT   NOT NULL REFERENCES subscriptions (id),
    kind            TEXT   NOT NULL CHECK (kind IN ('start', 'change', 'change_at_period_end',
                        'drop_change', 'cancel_now', 'cancel_at_period_end', 'cancel_at', 'keep',
                        'pause', 'resume', 'end_trial')),
    price_id        TEXT REFERENCES prices (id),
    payment_method  TEXT,
    -- Of a start: 'may_wait' leaves it incomplete when it is not paid at once.
    first_payment   TEXT   NOT NULL CHECK (first_payment IN ('or_nothing', 'may_wait')),
    quantity        BIGINT CHECK (quantity > 0),
    at              BIGINT, -- the moment that was named: an end, a resumption
    behavior        TEXT,
    comment         TEXT,
    feedback        TEXT,
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

-- Every change of a subscription, dated, with the state that it led to. Never updated: figures of
-- any day are made of these. number is the version of the subscription that it made.
CREATE TABLE subscription_events (
    subscription_id      TEXT   NOT NULL REFERENCES subscriptions (id),
    number               BIGINT NOT NULL,
    id                   TEXT   NOT NULL UNIQUE,
    customer_id          TEXT   NOT NULL REFERENCES customers (id),
    kind                 TEXT   NOT NULL,
    at                   BIGINT NOT NULL, -- when it took effect; recorded_at is our own time
    recorded_at          BIGINT NOT NULL,
    status               TEXT   NOT NULL,
    plan_version_id      TEXT   NOT NULL REFERENCES plan_versions (id),
    price_id             TEXT   NOT NULL REFERENCES prices (id),
    quantity             BIGINT NOT NULL CHECK (quantity > 0),
    period_start         BIGINT NOT NULL,
    period_end           BIGINT NOT NULL,
    cancel_at_period_end BIGINT NOT NULL CHECK (cancel_at_period_end IN (0, 1)),
    cancel_at            BIGINT,
    pause_behavior       TEXT, -- these three as in subscriptions
    resumes_at           BIGINT,
    grace_ends_at        BIGINT,
    actor                TEXT   NOT NULL,
    request_id           TEXT   NOT NULL,
    PRIMARY KEY (subscription_id, number)
);
CREATE INDEX subscription_events_by_subscription ON subscription_events (subscription_id, at, id);
CREATE INDEX subscription_events_by_time ON subscription_events (at, id);
CREATE INDEX subscription_events_by_customer ON subscription_events (customer_id, at);

-- What the provider takes off a subscription's bills, as it stood from one version of the
-- subscription (the number of its event) until before another: rows are closed and never changed,
-- so that each event has its discounts.
CREATE TABLE subscription_discounts (
    subscription_id      TEXT   NOT NULL REFERENCES subscriptions (id),
    provider_discount_id TEXT   NOT NULL,
    from_number          BIGINT NOT NULL,
    to_number            BIGINT CHECK (to_number > from_number), -- absent: it stands
    position             BIGINT NOT NULL, -- the order in which they are taken off
    coupon               TEXT,
    duration             TEXT   NOT NULL CHECK (duration IN ('once', 'repeating', 'forever',
                             'unread')),
    percent_scaled       BIGINT CHECK (percent_scaled > 0 AND percent_scaled <= 1000000), -- 10^-4 %
    amount_minor         BIGINT CHECK (amount_minor > 0),
    currency             TEXT,
    starts_at            BIGINT,
    ends_at              BIGINT,
    PRIMARY KEY (subscription_id, provider_discount_id, from_number),
    CHECK ((amount_minor IS NULL) = (currency IS NULL)),
    CHECK ((duration = 'unread') = (percent_scaled IS NULL AND amount_minor IS NULL)),
    CHECK (percent_scaled IS NULL OR amount_minor IS NULL)
);
CREATE UNIQUE INDEX subscription_discounts_standing
    ON subscription_discounts (subscription_id, provider_discount_id) WHERE to_number IS NULL;

-- checkout -----------------------------------------------------------------------------------
-- A page at the provider where a customer subscribes. It occupies nothing: the row of the
-- subscription comes when it is paid, under subscription_id. 'creating': the provider has not
-- confirmed the page yet; 'failed': there is none.
CREATE TABLE checkout_sessions (
    id                  TEXT   NOT NULL PRIMARY KEY,
    customer_id         TEXT   NOT NULL REFERENCES customers (id),
    subscription_id     TEXT   NOT NULL UNIQUE,
    plan_version_id     TEXT   NOT NULL REFERENCES plan_versions (id),
    price_id            TEXT   NOT NULL REFERENCES prices (id),
    quantity            BIGINT NOT NULL CHECK (quantity > 0),
    trial_days          BIGINT NOT NULL CHECK (trial_days >= 0),
    success_url         TEXT   NOT NULL,
    cancel_url          TEXT   NOT NULL,
    -- Whether nobody with a credential has asked for it, only somebody with a receipt.
    is_anonymous        BIGINT NOT NULL CHECK (is_anonymous IN (0, 1)),
    provider            TEXT   NOT NULL,
    provider_session_id TEXT,
    url                 TEXT,
    status              TEXT   NOT NULL CHECK (status IN ('creating', 'open', 'complete',
                            'expired', 'failed')),
    expires_at          BIGINT NOT NULL,
    created_at          BIGINT NOT NULL,
    updated_at          BIGINT NOT NULL,
    CHECK (status <> 'open' OR provider_session_id IS NOT NULL)
);
CREATE UNIQUE INDEX checkout_sessions_one_open
    ON checkout_sessions (customer_id) WHERE status IN ('creating', 'open');
CREATE UNIQUE INDEX checkout_sessions_by_provider
    ON checkout_sessions (provider, provider_session_id) WHERE provider_session_id IS NOT NULL;
CREATE INDEX checkout_sessions_by_end ON checkout_sessions (status, expires_at);
CREATE INDEX checkout_sessions_by_age ON checkout_sessions (created_at);

-- previews -----------------------------------------------------------------------------------
-- What somebody was shown before a change of plan. facts: the amounts, quantities and periods of
-- the lines, which are compared with what is billed. 'used': a command relies on it; then 'kept', or
-- 'broken' when the provider has billed otherwise. invoice_before tells which invoice is new.
CREATE TABLE previews (
    id              TEXT   NOT NULL PRIMARY KEY,
    subscription_id TEXT   NOT NULL REFERENCES subscriptions (id),
    price_id        TEXT   NOT NULL REFERENCES prices (id),
    quantity        BIGINT NOT NULL CHECK (quantity > 0),
    invoices_now    BIGINT NOT NULL CHECK (invoices_now IN (0, 1)),
    proration_date  BIGINT NOT NULL,
    facts           TEXT   NOT NULL,
    invoice_before  TEXT,
    command_id      TEXT   UNIQUE REFERENCES subscription_commands (id),
    state           TEXT   NOT NULL CHECK (state IN ('open', 'used', 'kept', 'broken')),
    expires_at      BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    CHECK ((state = 'open') = (command_id IS NULL))
);

-- A subscription's way from one provider to another: the new one's object begins where the old
-- one's paid time ends. A done move says whose the former object is, for ever.
CREATE TABLE provider_moves (
    id                   TEXT   NOT NULL PRIMARY KEY,
    subscription_id      TEXT   NOT NULL REFERENCES subscriptions (id),
    from_provider        TEXT   NOT NULL,
    from_subscription_id TEXT   NOT NULL, -- the provider's
    to_provider          TEXT   NOT NULL,
    to_subscription_id   TEXT   NOT NULL, -- the provider's; '' until it is made
    payment_method       TEXT,
    begins_at            BIGINT NOT NULL,
    authorization_url    TEXT,
    state                TEXT   NOT NULL CHECK (state IN ('beginning', 'waiting', 'ending',
                             'abandoning', 'done', 'failed')),
    error_reason         TEXT,
    actor                TEXT   NOT NULL,
    request_id           TEXT   NOT NULL,
    created_at           BIGINT NOT NULL,
    went_on_at           BIGINT NOT NULL, -- when it came to its state
    finished_at          BIGINT
);
CREATE UNIQUE INDEX provider_moves_one_open ON provider_moves (subscription_id)
    WHERE state NOT IN ('done', 'failed');
CREATE INDEX provider_moves_by_former ON provider_moves (from_provider, from_subscription_id);
CREATE INDEX provider_moves_by_new ON provider_moves (to_provider, to_subscription_id);
CREATE INDEX provider_moves_open ON provider_moves (to_provider, state);
CREATE INDEX provider_moves_under_way ON provider_moves (went_on_at)
    WHERE state IN ('beginning', 'ending', 'abandoning');

-- plan migrations ----------------------------------------------------------------------------
-- Bringing those who have subscribed to a plan to another version, of it or of another plan of its
-- catalog. filter: JSON, as it was asked. Its items are written page by page, in the order of their
-- subscriptions, until listed_at; nothing is changed before. went_on_at: when the worker has
-- written a page, or taken up an item, for the last time.
CREATE TABLE plan_migrations (
    id                TEXT   NOT NULL PRIMARY KEY,
    plan_id           TEXT   NOT NULL REFERENCES plans (id),
    target_version_id TEXT   NOT NULL REFERENCES plan_versions (id),
    takes_effect      TEXT   NOT NULL CHECK (takes_effect IN ('at_period_end', 'now')),
    filter            TEXT   NOT NULL,
    state             TEXT   NOT NULL CHECK (state IN ('running', 'done', 'canceled')),
    actor             TEXT   NOT NULL,
    request_id        TEXT   NOT NULL,
    created_at        BIGINT NOT NULL,
    listed_at         BIGINT,
    went_on_at        BIGINT NOT NULL,
    canceled_at       BIGINT,
    finished_at       BIGINT, -- nothing of it is under way any more; of a canceled one, too
    CHECK (state = 'canceled' OR (state = 'done') = (finished_at IS NOT NULL)),
    CHECK ((state = 'canceled') = (canceled_at IS NOT NULL)),
    CHECK (state <> 'canceled' OR listed_at IS NOT NULL),
    CHECK (finished_at IS NULL OR listed_at IS NOT NULL)
);
CREATE UNIQUE INDEX plan_migrations_one_running ON plan_migrations (plan_id)
    WHERE finished_at IS NULL;
CREATE INDEX plan_migrations_by_age ON plan_migrations (created_at, id);

-- A subscription of a migration, with what it was when that began: one that is another by its turn
-- is left alone. 'begun': its command is written down. to_price_id: NULL where the version is not
-- sold in the currency and rhythm.
CREATE TABLE plan_migration_items (
    migration_id    TEXT   NOT NULL REFERENCES plan_migrations (id),
    subscription_id TEXT   NOT NULL REFERENCES subscriptions (id),
    from_price_id   TEXT   NOT NULL REFERENCES prices (id),
    to_price_id     TEXT   REFERENCES prices (id),
    quantity        BIGINT NOT NULL CHECK (quantity > 0),
    -- Of a canceled migration: 'canceled' never began; 'taking_back' is a planned change, with its
    -- command once that is written down.
    state           TEXT   NOT NULL CHECK (state IN ('pending', 'begun', 'done', 'unchanged',
                        'refused', 'failed', 'canceled', 'taking_back', 'taken_back')),
    command_id      TEXT   REFERENCES subscription_commands (id),
    error_reason    TEXT,
    takes_effect_at BIGINT,
    next_try_at     BIGINT NOT NULL,
    PRIMARY KEY (migration_id, subscription_id),
    CHECK (state <> 'begun' OR command_id IS NOT NULL)
);
CREATE INDEX plan_migration_items_by_state
    ON plan_migration_items (migration_id, state, subscription_id);
-- Partial indexes of one state each: SQLite takes none with IN for one of its states.
CREATE INDEX plan_migration_items_pending
    ON plan_migration_items (next_try_at, migration_id, subscription_id) WHERE state = 'pending';
CREATE INDEX plan_migration_items_begun ON plan_migration_items (command_id)
    WHERE state = 'begun';
CREATE INDEX plan_migration_items_taking_back
    ON plan_migration_items (next_try_at, migration_id, subscription_id)
    WHERE state = 'taking_back';
CREATE INDEX plan_migration_items_by_subscription ON plan_migration_items (subscription_id);

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
    position        BIGINT, -- of an event: in that counter's history, from 1
    value_hash      BIGINT, -- where it counts different values: of the one that this event has
    latency_us      BIGINT,
    properties      TEXT   NOT NULL, -- '', or a JSON object
    content_hash    TEXT   NOT NULL,
    UNIQUE (source, event_id)
);
CREATE INDEX usage_events_by_customer ON usage_events (customer_id, id);
CREATE INDEX usage_events_by_counter
    ON usage_events (customer_id, subscription_id, meter_key, reset, period_start, position);
-- The other counters that it moved: of other meters, and of other windows of one.
CREATE TABLE usage_event_counts (
    usage_event_id TEXT   NOT NULL REFERENCES usage_events (id),
    number         BIGINT NOT NULL CHECK (number > 0),
    meter_key      TEXT   NOT NULL REFERENCES meters (key),
    reset          TEXT   NOT NULL,
    period_start   BIGINT NOT NULL,
    quantity       BIGINT NOT NULL CHECK (quantity >= 0),
    segment        BIGINT NOT NULL DEFAULT 0,
    position       BIGINT NOT NULL,
    value_hash     BIGINT,
    PRIMARY KEY (usage_event_id, number)
);
CREATE INDEX usage_event_counts_by_counter
    ON usage_event_counts (meter_key, reset, period_start, position);

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
    entries         BIGINT NOT NULL DEFAULT 0, -- of its history: events and corrections so far
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
    override_number    BIGINT NOT NULL CHECK (override_number >= 0), -- of entitlement_overrides; 0: the plan's terms
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
    segment       BIGINT NOT NULL, -- of the counter, in which the original counted
    position      BIGINT NOT NULL, -- in the counter's history
    change        BIGINT NOT NULL,
    PRIMARY KEY (correction_id, number)
);
CREATE INDEX usage_correction_counts_by_counter
    ON usage_correction_counts (meter_key, reset, period_start, position);
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
    tax_minor           BIGINT NOT NULL, -- within the total, as are discounts
    discount_minor      BIGINT NOT NULL,
    credit_applied_minor BIGINT NOT NULL, -- of the customer's balance
    credited_minor      BIGINT NOT NULL, -- by credit notes
    -- What has gone back or is about to, of the rows in refunds; and whether a dispute has its money.
    refunded_minor      BIGINT NOT NULL DEFAULT 0 CHECK (refunded_minor >= 0),
    disputed            BIGINT NOT NULL DEFAULT 0 CHECK (disputed IN (0, 1)),
    due_at              BIGINT,
    attempt_count       BIGINT NOT NULL,
    next_attempt_at     BIGINT,          -- when the provider tries to collect it by itself
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
CREATE INDEX invoices_by_age ON invoices (created_at, id);
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
    provider_price_id TEXT,
    UNIQUE (invoice_id, provider_line_id)
);
CREATE INDEX invoice_lines_by_charge ON invoice_lines (overage_charge_id)
    WHERE overage_charge_id IS NOT NULL;

-- refunds and disputes -------------------------------------------------------------------------
-- provider_refund_id is our own id until the provider has named it: 'creating' is ours alone, the
-- wish is committed and the provider has not confirmed it yet. Without an invoice, and without a
-- customer, is what paid for nothing that is known here.
CREATE TABLE refunds (
    id                  TEXT   NOT NULL PRIMARY KEY,
    provider            TEXT   NOT NULL,
    provider_refund_id  TEXT   NOT NULL,
    provider_payment_id TEXT   NOT NULL, -- '' while nobody has chosen it
    customer_id         TEXT REFERENCES customers (id),
    invoice_id          TEXT REFERENCES invoices (id),
    currency            TEXT   NOT NULL,
    amount_minor        BIGINT NOT NULL CHECK (amount_minor >= 0),
    status              TEXT   NOT NULL
                        CHECK (status IN ('creating', 'pending', 'succeeded', 'failed', 'canceled')),
    reason              TEXT,
    failure_reason      TEXT,
    applied_ticket      BIGINT NOT NULL,
    created_at          BIGINT NOT NULL,
    updated_at          BIGINT NOT NULL,
    UNIQUE (provider, provider_refund_id)
);
CREATE INDEX refunds_by_age ON refunds (created_at, id);
CREATE INDEX refunds_by_customer ON refunds (customer_id, created_at);
CREATE INDEX refunds_by_invoice ON refunds (invoice_id, created_at);
CREATE INDEX refunds_creating ON refunds (provider, created_at) WHERE status = 'creating';
CREATE INDEX refunds_creating_by_age ON refunds (created_at) WHERE status = 'creating';
CREATE TABLE disputes (
    id                  TEXT   NOT NULL PRIMARY KEY,
    provider            TEXT   NOT NULL,
    provider_dispute_id TEXT   NOT NULL,
    provider_payment_id TEXT   NOT NULL,
    customer_id         TEXT REFERENCES customers (id),
    invoice_id          TEXT REFERENCES invoices (id),
    currency            TEXT   NOT NULL,
    amount_minor        BIGINT NOT NULL CHECK (amount_minor >= 0),
    status              TEXT   NOT NULL CHECK (status IN ('inquiry', 'needs_response',
                            'under_review', 'won', 'lost', 'closed')),
    reason              TEXT   NOT NULL,
    respond_by          BIGINT,
    applied_ticket      BIGINT NOT NULL,
    created_at          BIGINT NOT NULL,
    updated_at          BIGINT NOT NULL,
    UNIQUE (provider, provider_dispute_id)
);
CREATE INDEX disputes_by_age ON disputes (created_at, id);
CREATE INDEX disputes_by_customer ON disputes (customer_id, created_at);
CREATE INDEX disputes_by_invoice ON disputes (invoice_id);

-- billing ------------------------------------------------------------------------------------
CREATE TABLE period_closes (
    subscription_id     TEXT   NOT NULL REFERENCES subscriptions (id),
    period_start        BIGINT NOT NULL,
    period_end          BIGINT NOT NULL,
    provider            TEXT   NOT NULL, -- that bills it, wherever the subscription has moved since
    -- Where the overage lines go; provider_invoice_id is empty while that invoice is not there.
    placement           TEXT   NOT NULL CHECK (placement IN ('undecided', 'renewal_draft',
                            'next_bill', 'own_invoice')),
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
    -- The charge whose line it is on: itself, or another one where it is too small for a line of its
    -- own; '' while it waits for a later close. line_period_start names the close that bills it.
    line_charge_id           TEXT   NOT NULL,
    line_period_start        BIGINT NOT NULL,
    created_at               BIGINT NOT NULL,
    UNIQUE (subscription_id, meter_key, period_start, segment, billed_period_start),
    CHECK (billed_period_start >= period_start),
    -- Only an adjustment gives back.
    CHECK (billed_period_start > period_start OR (quantity > 0 AND amount_minor >= 0))
);
CREATE INDEX overage_charges_by_close ON overage_charges (subscription_id, billed_period_start);
CREATE INDEX overage_charges_by_close_of_line
    ON overage_charges (subscription_id, line_period_start);
CREATE INDEX overage_charges_by_line ON overage_charges (line_charge_id);
-- What the charges of one close for one counter follow from, frozen with them: how many entries of
-- the counter's history, their digest, and by segment what was used under which terms, and what
-- other closes had charged. A counter's proofs are numbered from 1: two closes never take the same
-- usage for what is still to be charged.
CREATE TABLE charge_proofs (
    subscription_id     TEXT   NOT NULL REFERENCES subscriptions (id),
    meter_key           TEXT   NOT NULL REFERENCES meters (key),
    period_start        BIGINT NOT NULL,
    number              BIGINT NOT NULL CHECK (number > 0),
    period_end          BIGINT NOT NULL,
    billed_period_start BIGINT NOT NULL,
    aggregation         TEXT   NOT NULL,
    entries             BIGINT NOT NULL CHECK (entries > 0),
    digest              TEXT   NOT NULL,
    segments            TEXT   NOT NULL, -- JSON, as docs/invoices.md says
    created_at          BIGINT NOT NULL,
    PRIMARY KEY (subscription_id, meter_key, period_start, number),
    UNIQUE (subscription_id, meter_key, period_start, billed_period_start)
);
CREATE INDEX charge_proofs_by_age
    ON charge_proofs (created_at, subscription_id, meter_key, period_start, number);

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
    identity          TEXT   NOT NULL, -- what makes it one event: what its signature proves
    type              TEXT   NOT NULL,
    payload           TEXT   NOT NULL,
    state             TEXT   NOT NULL CHECK (state IN ('pending', 'done', 'dead')),
    attempts          BIGINT NOT NULL,
    next_attempt_at   BIGINT NOT NULL,
    last_error        TEXT,
    received_at       BIGINT NOT NULL,
    applied_at        BIGINT,
    UNIQUE (provider, identity)
);
CREATE INDEX inbox_events_due ON inbox_events (state, next_attempt_at);
CREATE INDEX inbox_events_by_time ON inbox_events (received_at, provider, state);

-- outbound webhooks ---------------------------------------------------------------------------
-- The number of each object's last event: the next one is one more.
CREATE TABLE outbox_sequences (
    object_id TEXT   NOT NULL PRIMARY KEY,
    last      BIGINT NOT NULL
);
-- What we tell the seller, written in the transaction that made it true. id is the webhook-id, body
-- the bytes that are signed, at every try the same.
CREATE TABLE outbox_events (
    id          TEXT   NOT NULL PRIMARY KEY,
    type        TEXT   NOT NULL,
    object_id   TEXT   NOT NULL,
    sequence    BIGINT NOT NULL,
    customer_id TEXT   NOT NULL,
    body        TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    alerts      BIGINT NOT NULL CHECK (alerts IN (0, 1)), -- people are alerted, too
    UNIQUE (object_id, sequence)
);
CREATE INDEX outbox_events_by_age ON outbox_events (created_at, id);
-- Whom we tell: endpoints, and destinations of alerts. events is a JSON array of patterns, or of
-- names of alerts. target is a URL or an e-mail address; a Slack URL is itself a secret and stands
-- sealed in sealed_secret, its target shows the end of it. disabled_reason is '' while enabled.
CREATE TABLE webhook_endpoints (
    id              TEXT   NOT NULL PRIMARY KEY,
    kind            TEXT   NOT NULL
                    CHECK (kind IN ('endpoint', 'alert_webhook', 'alert_slack', 'alert_email')),
    target          TEXT   NOT NULL,
    description     TEXT   NOT NULL,
    events          TEXT   NOT NULL,
    state           TEXT   NOT NULL CHECK (state IN ('enabled', 'disabled')),
    disabled_reason TEXT   NOT NULL,
    paused_until    BIGINT NOT NULL,
    sealed_secret   TEXT,
    sealed_previous TEXT,
    previous_until  BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    version         BIGINT NOT NULL
);
-- One event for one of them. attempts counts the tries of this round, tries_made those of all: a
-- replay begins a new round. leased_until: somebody is sending it.
CREATE TABLE webhook_deliveries (
    id              TEXT   NOT NULL PRIMARY KEY,
    endpoint_id     TEXT   NOT NULL REFERENCES webhook_endpoints (id),
    event_id        TEXT   NOT NULL REFERENCES outbox_events (id),
    object_id       TEXT   NOT NULL,
    sequence        BIGINT NOT NULL,
    state           TEXT   NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
    attempts        BIGINT NOT NULL,
    tries_made      BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    leased_until    BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    finished_at     BIGINT,
    UNIQUE (endpoint_id, event_id)
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, state, next_attempt_at);
CREATE INDEX webhook_deliveries_in_order ON webhook_deliveries (endpoint_id, object_id, sequence);
CREATE INDEX webhook_deliveries_by_age
    ON webhook_deliveries (endpoint_id, created_at, sequence, id);
CREATE INDEX webhook_deliveries_of_event ON webhook_deliveries (event_id);
CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (state, next_attempt_at);
CREATE INDEX webhook_deliveries_ended ON webhook_deliveries (finished_at);
-- status is 0 where no answer came; response is its beginning.
CREATE TABLE webhook_attempts (
    delivery_id TEXT   NOT NULL REFERENCES webhook_deliveries (id),
    number      BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    status      BIGINT NOT NULL,
    problem     TEXT   NOT NULL,
    duration_ms BIGINT NOT NULL,
    response    TEXT   NOT NULL,
    PRIMARY KEY (delivery_id, number)
);
CREATE INDEX webhook_attempts_by_time ON webhook_attempts (at);

-- notices -------------------------------------------------------------------------------------
-- Letters. obligation names what is told, once to each recipient; data holds what the template has
-- names for, until it is sent or given up. Letters of people have no customer, and stand sealed.
CREATE TABLE notices (
    id              TEXT   NOT NULL PRIMARY KEY,
    kind            TEXT   NOT NULL,
    obligation      TEXT   NOT NULL,
    recipient       TEXT   NOT NULL,
    customer_id     TEXT   REFERENCES customers (id),
    data            TEXT   NOT NULL,
    sealed_data     TEXT,
    state           TEXT   NOT NULL CHECK (state IN ('pending', 'sent', 'failed')),
    attempts        BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    give_up_at      BIGINT NOT NULL,
    last_problem    TEXT,
    created_at      BIGINT NOT NULL,
    ended_at        BIGINT,
    UNIQUE (obligation, recipient)
);
CREATE INDEX notices_due ON notices (state, next_attempt_at);
CREATE INDEX notices_by_customer ON notices (customer_id, created_at);
CREATE INDEX notices_by_recipient ON notices (recipient, created_at);
CREATE INDEX notices_ended ON notices (ended_at);
-- Reminders that their readers want no more; kind '*': all of them.
CREATE TABLE notice_opt_outs (
    recipient   TEXT   NOT NULL,
    customer_id TEXT   NOT NULL REFERENCES customers (id),
    kind        TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (recipient, customer_id, kind)
);

-- monitoring ----------------------------------------------------------------------------------
-- What somebody should look at, once for each kind, object and period; one that is over keeps its
-- row. One is open of an object at a time. subscription_id, customer_id and catalog are '' where it
-- is about none; facts is JSON (docs/monitoring.md).
CREATE TABLE findings (
    id              TEXT   NOT NULL PRIMARY KEY,
    kind            TEXT   NOT NULL CHECK (kind IN ('expiring', 'trial_ending', 'card_expiring',
                        'payment_failing', 'webhook_backlog', 'drift', 'late_action')),
    object          TEXT   NOT NULL,
    period          TEXT   NOT NULL,
    reason          TEXT   NOT NULL,
    facts           TEXT   NOT NULL,
    subscription_id TEXT   NOT NULL,
    customer_id     TEXT   NOT NULL,
    catalog         TEXT   NOT NULL,
    opened_at       BIGINT NOT NULL,
    closed_at       BIGINT,
    UNIQUE (kind, object, period)
);
CREATE UNIQUE INDEX findings_one_open ON findings (kind, object) WHERE closed_at IS NULL;
CREATE INDEX findings_by_age ON findings (opened_at, id);
CREATE INDEX findings_by_subscription ON findings (subscription_id, opened_at, id);
CREATE INDEX findings_by_customer ON findings (customer_id, opened_at, id);
-- The card that a customer is charged with by default, as the provider showed it at seen_at. ''
-- as its id: there is none; NULL: it is not known. It is good until expires_at, the beginning of
-- the next month (UTC). It changed at not_before: what was asked until then is not believed.
CREATE TABLE default_cards (
    customer_id        TEXT   NOT NULL REFERENCES customers (id),
    provider           TEXT   NOT NULL,
    provider_method_id TEXT,
    brand              TEXT   NOT NULL,
    last4              TEXT   NOT NULL,
    expires_at         BIGINT, -- NULL: it has no end, or there is none
    seen_at            BIGINT NOT NULL, -- also when it could not be read; 0: never
    not_before         BIGINT NOT NULL, -- 0: it never changed
    PRIMARY KEY (customer_id, provider)
);

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
    name      TEXT   NOT NULL PRIMARY KEY, -- 'end'
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
