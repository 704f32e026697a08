#include <array>

#include "sandbox/chaos/store.h"
#include "sandbox/shared_tables.h"
#include "sandbox/stripe/core/store.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kSchema = R"sql(
CREATE TABLE accounts (
    id TEXT NOT NULL PRIMARY KEY,
    key_sha256 TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);

CREATE TABLE idempotency_keys (
    account TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    path TEXT NOT NULL,
    parameters_sha256 TEXT NOT NULL,
    status BIGINT NOT NULL,
    body TEXT NOT NULL,
    request_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account, idempotency_key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (account, created_at);

CREATE TABLE events (
    account TEXT NOT NULL,
    id TEXT NOT NULL,
    seq BIGINT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    created BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (account, id)
);
CREATE INDEX events_by_account ON events (account, seq);

CREATE TABLE meter_events (
    seq INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    event_name TEXT NOT NULL,
    identifier TEXT NOT NULL,
    meter TEXT NOT NULL,
    customer TEXT NOT NULL,
    value TEXT NOT NULL,
    happened_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    canceled BIGINT NOT NULL
);
CREATE INDEX meter_events_by_identifier ON meter_events (account, identifier);
CREATE INDEX meter_events_by_time ON meter_events (account, meter, customer, happened_at);
)sql";

/// What may be shown of an account's key, of which only a digest is kept.
constexpr std::string_view kKeyHints = R"sql(
ALTER TABLE accounts ADD COLUMN key_hint TEXT NOT NULL DEFAULT '';
)sql";

constexpr std::array kMigrations{
    sql::Migration{.number = 1, .name = "0001_objects", .sql = kSharedTables},
    sql::Migration{.number = 2, .name = "0002_stripe", .sql = kSchema},
    sql::Migration{.number = 3, .name = "0003_kept_deliveries", .sql = kKeptDeliveries},
    sql::Migration{.number = 4, .name = "0004_chaos", .sql = kChaosTables},
    sql::Migration{.number = 5, .name = "0005_key_hints", .sql = kKeyHints},
};

}  // namespace

std::span<const sql::Migration> sandbox_migrations() { return kMigrations; }

}  // namespace turnpike::twin
