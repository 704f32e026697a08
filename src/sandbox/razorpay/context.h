#pragma once

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "json/value.h"
#include "sandbox/object_store.h"
#include "sandbox/razorpay/params.h"
#include "sandbox/razorpay/refusal.h"
#include "sandbox/razorpay/store.h"
#include "sql/sql.h"

namespace turnpike::twin::razorpay {

/// One request, or one run of the engine, inside one transaction: one account's objects as JSON
/// documents, and the events they raise. Members whose name begins with "_" are private: stored and
/// found again, never sent. What a handler did is rolled back when it answers with an error.
class Context {
public:
    /// `real_now` is the sandbox's time; the account's own runs before it.
    Context(sql::Transaction& tx, Account account, Instant real_now, IdSource& ids)
        : tx_(tx),
          account_(std::move(account)),
          real_now_(real_now),
          now_(real_now + account_.clock_offset),
          ids_(ids) {}

    [[nodiscard]] const Account& account() const { return account_; }
    /// The account's time; while the engine runs, the time of the step.
    [[nodiscard]] Instant now() const { return now_; }
    [[nodiscard]] std::int64_t now_seconds() const { return unix_seconds(now_); }
    void set_now(Instant moment) { now_ = moment; }
    /// Moves the account's clock on. Webhooks that wait become due earlier by as much; the engine
    /// must run afterwards.
    void advance_clock(Duration by);

    /// "sub" -> "sub_" and 14 letters and digits; "" -> these alone.
    std::string new_id(std::string_view prefix);

    /// `kind` is Razorpay's "entity".
    std::optional<Json> find(std::string_view kind, const std::string& id);
    /// Inserts or replaces by object["entity"] and object["id"].
    void put(const Json& object);
    void remove(std::string_view kind, const std::string& id);
    std::vector<Json> list(std::string_view kind, const ListFilter& filter,
                           const ObjectSlice& slice);

    struct Due {
        Instant when;
        Json object;
    };
    /// Says when the engine must look at the object; nullopt: never. It must be stored already.
    void put_due(const Json& object, std::optional<Instant> when);
    /// The object whose step comes first, if that is not after `until`.
    std::optional<Due> next_due(Instant until);

    /// Queues a webhook for each endpoint that wants it. Its payload holds `entities` as they are
    /// now, by their kind.
    void emit(std::string_view event, std::initializer_list<const Json*> entities);

    /// Where people reach this sandbox ("http://127.0.0.1:12112").
    [[nodiscard]] const std::string& base_url() const { return base_url_; }
    void set_base_url(std::string base_url) { base_url_ = std::move(base_url); }

    sql::Transaction& transaction() { return tx_; }

private:
    const std::vector<Json>& webhooks();
    void queue(const Json& webhook, const std::string& event_id, const std::string& body);

    sql::Transaction& tx_;
    Account account_;
    Instant real_now_;
    Instant now_;
    IdSource& ids_;
    std::string base_url_ = "http://127.0.0.1";
    /// Read once: a month of a thousand subscriptions asks for them ten thousand times.
    std::optional<std::vector<Json>> webhooks_;
};

/// A document without its private members.
Json visible(const Json& document);
/// What a document belongs to: an invoice to its subscription, a payment to its order, a refund to
/// its payment. "" when to nothing.
std::string parent_of(const Json& object);
/// hex(HMAC-SHA256(secret, text)): of webhooks and of a checkout's answer.
std::string signature_of(std::string_view secret, std::string_view text);

/// One operation of the API. Path values by name.
struct Operation {
    Context& ctx;
    Params params;
    std::vector<std::pair<std::string_view, std::string>> path_values{};
    std::string refund_key{};  ///< X-Refund-Idempotency
    std::string digest{};      ///< of path and parameters
    [[nodiscard]] const std::string& path(std::string_view name) const;
};
using OperationHandler = Answer (*)(Operation&);

/// {"POST", "/v1/plans/{plan}", create_plan}
struct Route {
    std::string_view method;
    std::string_view pattern;
    OperationHandler handler;
};

/// The object that {id} in the path names: "sub_1 is not a valid id" for what cannot be one.
Outcome<Json> object_of_path(Operation& operation, std::string_view kind);
/// The collection of a kind: reads count, skip, from and to, checks the rest of the parameters.
Answer list_objects(Operation& operation, std::string_view kind, ListFilter filter);
/// The same, of those objects that are wanted; each one of the kind is looked at.
using Wanted = std::function<bool(const Json&)>;
Answer list_wanted(Operation& operation, std::string_view kind, const ListFilter& filter,
                   const Wanted& wanted);
/// {"entity": "collection", "count": n, "items": [...]}
Json collection(std::vector<Json> items);
/// [] or the given notes.
Json notes_of(Params& params);

}  // namespace turnpike::twin::razorpay
