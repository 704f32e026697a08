#include "sandbox/stripe/calls/idempotency.h"

#include <chrono>
#include <cstddef>

#include "sandbox/retention.h"

namespace turnpike::twin {
namespace {

constexpr auto kLifetime = std::chrono::hours(24);
constexpr std::size_t kKeyLengthMax = 255;

constexpr std::string_view kPrune = R"sql(
    DELETE FROM idempotency_keys WHERE account = $1 AND created_at < $2
)sql";

// Account by account, so that each finds its index.
constexpr std::string_view kPruneSome = R"sql(
    DELETE FROM idempotency_keys
     WHERE (account, idempotency_key) IN (
           SELECT old.account, old.idempotency_key
             FROM accounts CROSS JOIN idempotency_keys AS old
            WHERE old.account = accounts.id AND old.created_at < $1
            LIMIT $2)
)sql";

constexpr std::string_view kFind = R"sql(
    SELECT path, parameters_sha256, status, body, request_id FROM idempotency_keys
     WHERE account = $1 AND idempotency_key = $2
)sql";

constexpr std::string_view kSave = R"sql(
    INSERT INTO idempotency_keys (account, idempotency_key, path, parameters_sha256, status, body,
                                  request_id, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
)sql";

constexpr std::string_view kReplace = R"sql(
    UPDATE idempotency_keys SET status = $3, body = $4
     WHERE account = $1 AND idempotency_key = $2 AND request_id = $5
)sql";

Refusal used_otherwise(const std::string& how, const std::string& key) {
    StripeError error;
    error.type = "idempotency_error";
    error.message = "Keys for idempotent requests can only be used " + how +
                    " Try using a key other than '" + key +
                    "' if you meant to execute a different request.";
    return Refusal(error);
}

}  // namespace

Outcome<std::string> read_idempotency_key(const http::Request& request) {
    const auto* key = request.header("Idempotency-Key");
    if (key == nullptr || request.method != http::Method::Post) return std::string();
    if (key->size() > kKeyLengthMax)
        return bad_param("", "",
                         "Idempotency keys can have up to 255 characters; this one has " +
                             std::to_string(key->size()) + ".");
    return *key;
}

Outcome<std::optional<SavedAnswer>> find_saved_answer(sql::Transaction& tx,
                                                      const IdempotentRequest& request,
                                                      Instant now) {
    tx.run(kPrune, {request.account, now - kLifetime});
    const auto row = tx.one(kFind, {request.account, request.key});
    if (!row) return std::optional<SavedAnswer>();
    if (row->text(0) != request.path)
        return used_otherwise("for the same endpoint they were first used for ('" + request.path +
                                  "' vs '" + row->text(0) + "').",
                              request.key);
    if (row->text(1) != request.parameters)
        return used_otherwise("with the same parameters they were first used with.", request.key);
    return std::optional(SavedAnswer{.status = static_cast<int>(row->integer(2)),
                                     .body = row->text(3),
                                     .request_id = row->text(4)});
}

void save_answer(sql::Transaction& tx, const IdempotentRequest& request, const SavedAnswer& answer,
                 Instant now) {
    tx.run(kSave, {request.account, request.key, request.path, request.parameters, answer.status,
                   answer.body, answer.request_id, now});
}

void replace_saved_answer(sql::Transaction& tx, const std::string& account, const std::string& key,
                          const SavedAnswer& answer) {
    tx.run(kReplace, {account, key, answer.status, answer.body, answer.request_id});
}

bool prune_saved_answers(sql::Transaction& tx, Instant now) {
    return tx.run(kPruneSome, {now - kLifetime, kPruneStep}) == kPruneStep;
}

bool began_executing(const StripeError& error) {
    if (error.http_status == 404) return false;
    if (error.type != "invalid_request_error") return error.type != "idempotency_error";
    return error.param.empty() && !error.code.starts_with("parameter");
}

}  // namespace turnpike::twin
