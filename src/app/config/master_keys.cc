#include "app/config/master_keys.h"

#include "app/config/data_dir.h"
#include "base/check.h"
#include "base/time.h"
#include "crypto/crypto.h"

namespace turnpike {
namespace {

constexpr std::string_view kColumn = "server_secrets.sealed_value";
/// Only there to be opened: the first secret of every ledger.
constexpr const char* kProof = "master_key_proof";
constexpr std::size_t kProofBytes = 16;

constexpr std::string_view kHoldsSecrets = "SELECT 1 FROM server_secrets LIMIT 1";

constexpr std::string_view kInsertSecret = R"sql(
    INSERT INTO server_secrets (name, sealed_value, created_at)
    VALUES ($1, $2, $3)
        ON CONFLICT (name) DO NOTHING
)sql";

constexpr std::string_view kLoadSecret = "SELECT sealed_value FROM server_secrets WHERE name = $1";

bool holds_secrets(sql::Database& db) {
    return db.read_blocking([](sql::Transaction& tx) { return tx.one(kHoldsSecrets).has_value(); });
}

Result<std::vector<Secret>> keys_in(const std::string& path, const std::string& text) {
    auto keys = read_master_keys(text);
    if (!keys) keys.error().message = path + ": " + keys.error().message;
    return keys;
}

Result<std::vector<Secret>> own_keys(const Config& config, sql::Database& db) {
    const std::string path = own_key_file(config);
    if (const auto text = read_text_file(path)) return keys_in(path, *text);
    if (holds_secrets(db))
        return invalid_argument("secrets.no_key",
                                "the ledger's secrets are sealed with a master key that is not "
                                "here: put it back as " +
                                    path + ", or set TURNPIKE_MASTER_KEY");
    const auto made = load_or_make_secret(config.data_dir, "master.key", SecretBox::kKeyBytes);
    if (!made) return failure(made);
    return keys_in(path, *made);
}

Result<std::vector<Secret>> configured_keys(const Config& config, sql::Database& db) {
    if (!config.master_keys.is_empty()) return read_master_keys(config.master_keys.reveal());
    if (config.master_key_file.empty()) return own_keys(config, db);
    const auto text = read_text_file(config.master_key_file);
    if (!text) return invalid_argument("config.invalid", "cannot read " + config.master_key_file);
    return keys_in(config.master_key_file, *text);
}

}  // namespace

std::string own_key_file(const Config& config) { return config.data_dir + "/master.key"; }

Result<SecretBox> open_secret_box(const Config& config, sql::Database& db) {
    const auto keys = configured_keys(config, db);
    if (!keys) return failure(keys);
    SecretBox box(*keys);
    const auto proof = server_secret(db, box, kProof, kProofBytes);
    if (!proof) return failure(proof);
    return box;
}

Result<Secret> server_secret(sql::Database& db, const SecretBox& box, const std::string& name,
                             std::size_t bytes) {
    const SecretPlace place{kColumn, name};
    return db.write_blocking([&](sql::Transaction& tx) -> Result<Secret> {
        auto row = tx.one(kLoadSecret, {name});
        if (!row) {
            const Secret fresh(random_bytes(bytes));
            tx.run(kInsertSecret, {name, box.seal(place, fresh), SystemClock().now()});
            row = tx.one(kLoadSecret, {name});
        }
        check(row.has_value(), "a secret is there once it is inserted");
        return box.open(place, row->text(0));
    });
}

}  // namespace turnpike
