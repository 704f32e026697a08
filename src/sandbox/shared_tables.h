#pragma once

#include <string_view>

namespace turnpike::twin {

/// The tables of object_store.h and deliveries.h: the first migration of every twin, and a later
/// one of each, kKeptDeliveries.
inline constexpr std::string_view kSharedTables = R"sql(
CREATE TABLE objects (
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    seq BIGINT NOT NULL UNIQUE,
    customer TEXT NOT NULL,
    parent TEXT NOT NULL,
    status TEXT NOT NULL,
    created BIGINT NOT NULL,
    due_at BIGINT,
    test_clock TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (account, kind, id)
);
CREATE INDEX objects_by_kind ON objects (account, kind, seq);
CREATE INDEX objects_by_customer ON objects (account, customer, kind, seq);
CREATE INDEX objects_by_parent ON objects (account, parent, kind, seq);
CREATE INDEX objects_by_status ON objects (kind, status);
CREATE INDEX objects_by_id ON objects (id);
CREATE INDEX objects_due ON objects (account, test_clock, due_at, seq) WHERE due_at IS NOT NULL;

CREATE TABLE deliveries (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    event TEXT NOT NULL,
    seq BIGINT NOT NULL,
    state TEXT NOT NULL,
    tries BIGINT NOT NULL,
    next_try_at BIGINT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (account, endpoint, event)
);
CREATE INDEX deliveries_in_order ON deliveries (seq);
CREATE INDEX deliveries_due ON deliveries (state, next_try_at);
CREATE INDEX deliveries_by_event ON deliveries (account, event);
CREATE INDEX deliveries_by_endpoint ON deliveries (endpoint, state, seq);

CREATE TABLE delivery_attempts (
    delivery TEXT NOT NULL,
    number BIGINT NOT NULL,
    tried_at BIGINT NOT NULL,
    status BIGINT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (delivery, number)
);
)sql";

/// An event may go to one endpoint several times (it is sent again by hand), and a try keeps what
/// was sent and answered. Of older tries that is not known: their columns stay empty.
inline constexpr std::string_view kKeptDeliveries = R"sql(
CREATE TABLE deliveries_as_before (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    event TEXT NOT NULL,
    seq BIGINT NOT NULL,
    state TEXT NOT NULL,
    tries BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    next_try_at BIGINT NOT NULL,
    body TEXT NOT NULL
);
INSERT INTO deliveries_as_before
SELECT id, account, endpoint, event, seq, state, tries, 0, next_try_at, body FROM deliveries;
DROP TABLE deliveries;
ALTER TABLE deliveries_as_before RENAME TO deliveries;
CREATE INDEX deliveries_in_order ON deliveries (seq);
CREATE INDEX deliveries_due ON deliveries (state, next_try_at);
CREATE INDEX deliveries_by_event ON deliveries (account, event);
CREATE INDEX deliveries_by_endpoint ON deliveries (endpoint, state, seq);
CREATE INDEX deliveries_by_account ON deliveries (account, seq);

ALTER TABLE delivery_attempts ADD COLUMN took_us BIGINT NOT NULL DEFAULT 0;
ALTER TABLE delivery_attempts ADD COLUMN url TEXT NOT NULL DEFAULT '';
ALTER TABLE delivery_attempts ADD COLUMN request_headers TEXT NOT NULL DEFAULT '';
ALTER TABLE delivery_attempts ADD COLUMN request_body TEXT;
ALTER TABLE delivery_attempts ADD COLUMN response_headers TEXT NOT NULL DEFAULT '';
ALTER TABLE delivery_attempts ADD COLUMN response_body TEXT NOT NULL DEFAULT '';
ALTER TABLE delivery_attempts ADD COLUMN response_bytes BIGINT NOT NULL DEFAULT 0;
)sql";

}  // namespace turnpike::twin
