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
-- the events, deleted with the rollups. latencies are microseconds, separated by spaces.
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
    latencies   TEXT   NOT NULL
);

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
