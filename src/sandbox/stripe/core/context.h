#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "json/value.h"
#include "sandbox/object_store.h"
#include "sandbox/stripe/core/object_cache.h"
#include "sandbox/stripe/wire/params.h"
#include "sandbox/stripe/wire/stripe_error.h"
#include "sandbox/undo_point.h"
#include "sql/sql.h"

namespace turnpike::twin {

/// What belongs to which bigger thing, for ListFilter::parent (customer and status are members of
/// an object): an invoice to its subscription; a
/// line item, invoice item or invoice payment to its invoice; a subscription item to its
/// subscription; a charge to its payment intent; a refund to its charge; a price to its product;
/// a customer to its test clock; a promotion code to its coupon.
/// A private member "_parent" overrules all that. "" when there is none.
std::string parent_of(const Json& object);

class Context;

/// Who asked; goes into the events that the request raises.
struct RequestInfo {
    std::string id;               ///< "req_..."; "" for automatic work
    std::string idempotency_key;  ///< "" when none was sent
};

/// Limits that a handler may need.
struct Surroundings {
    std::int64_t customers_per_clock_max = 3;
};

/// One request (or one tick of the billing engine) inside one transaction on the sandbox's
/// database: Stripe's objects of one account as JSON documents, and the events they raise. Whatever
/// a handler did is rolled back together when it answers with an error (card errors that must leave
/// traces, e.g. a failed PaymentIntent, are answered through keep_effects()).
///
/// Objects are read once and written once: whoever made the context calls save() before it commits.
class Context {
public:
    Context(sql::Transaction& tx, std::string account, Instant now, IdSource& ids)
        : tx_(tx), account_(std::move(account)), now_(now), ids_(ids), objects_(tx, account_) {}
    /// Writes the objects that were put.
    void save() { objects_.save(); }
    void set_request(RequestInfo request) { request_ = std::move(request); }
    [[nodiscard]] const RequestInfo& request() const { return request_; }
    /// `surroundings` outlives the context.
    void set_surroundings(const Surroundings& surroundings) { surroundings_ = &surroundings; }
    [[nodiscard]] const Surroundings& surroundings() const { return *surroundings_; }

    /// "cus" -> "cus_" and 14 (customers, products, subscription items) or 24 letters and digits.
    std::string new_id(std::string_view prefix);
    [[nodiscard]] const std::string& account() const { return account_; }

    /// The account's real time.
    [[nodiscard]] Instant now() const { return now_; }
    /// The time of a customer: its test clock's frozen time if it has one. `customer` may be "".
    /// While the billing engine runs, the time that it has reached on that clock instead.
    [[nodiscard]] Instant now_of(const std::string& customer);
    /// The billing engine's moving time: until this Context ends, the customers on `test_clock`
    /// ("" = those without one) live at `moment`.
    void set_clock_time(const std::string& test_clock, Instant moment);

    /// kind is Stripe's "object" ("customer", "subscription", "line_item",
    /// "billing_portal.session"). Deleted customers are not found: see find_deleted.
    std::optional<Json> find(std::string_view kind, const std::string& id);
    /// find() without a copy, to read only; nullptr: there is none. It stays as it was found.
    std::shared_ptr<const Json> look(std::string_view kind, const std::string& id);
    /// {"id", "object", "deleted": true} of an object that bury() has ended.
    std::optional<Json> find_deleted(std::string_view kind, const std::string& id);
    /// Inserts or replaces by object["object"] and object["id"]. Members whose name starts with "_"
    /// are private: stored and found again, never sent.
    void put(const Json& object);
    void remove(std::string_view kind, const std::string& id);
    /// Leaves a tombstone, which it returns. (Invoices and the like are simply removed.)
    Json bury(std::string_view kind, const std::string& id);
    std::vector<Json> list(std::string_view kind, const ListFilter& filter);
    using Slice = ObjectSlice;
    struct Numbered {
        std::int64_t sequence;
        Json object;
    };
    std::vector<Numbered> slice(std::string_view kind, const ListFilter& filter,
                                const Slice& slice);
    std::optional<std::int64_t> sequence_of(std::string_view kind, const std::string& id);
    struct Due {
        Instant when;
        Json object;
    };
    /// Of every kind, the object whose engine step comes first on this clock, if that is not after
    /// `until`: see put_due. Ties go to the object that was created first.
    std::optional<Due> next_due(Instant until, const std::string& test_clock);
    /// Ids of what list() would have.
    std::vector<std::string> list_ids(std::string_view kind, const ListFilter& filter);
    /// How many a list() of these would have.
    std::int64_t count(std::string_view kind, const ListFilter& filter);
    /// The account's webhook endpoints that are enabled; good until one is put or removed.
    const std::vector<Json>& enabled_endpoints();
    /// Says when the engine must look at this object again (nullopt: never). Stored beside it.
    void put_due(const Json& object, std::optional<Instant> when, const std::string& test_clock);

    /// Records an event now (with the customer's clock as `created`) and queues its deliveries to
    /// matching webhook endpoints. The object is sent as a GET would show it. `previous` is left
    /// out when null.
    void emit(std::string_view type, const Json& object, const Json& previous = Json());
    /// put() and emit("<kind>.updated"-like type) with previous_attributes made from the stored
    /// one. No event when nothing that is sent has changed.
    void update_and_emit(std::string_view type, const Json& object);
    /// Its second half: an event of what changed between the two.
    void emit_change(std::string_view type, const Json& before, const Json& object);

    /// Where people reach this sandbox ("http://127.0.0.1:12111"), for the URLs of hosted pages.
    [[nodiscard]] const std::string& base_url() const { return base_url_; }
    void set_base_url(std::string base_url) { base_url_ = std::move(base_url); }

    /// Commit what was done although the answer is an error.
    void keep_effects() { keep_effects_ = true; }
    [[nodiscard]] bool keeps_effects() const { return keep_effects_; }

    /// For tables of other things than objects.
    sql::Transaction& transaction() { return tx_; }
    IdSource& ids() { return ids_; }

private:
    friend class Retreat;
    /// Forgets what it knows of stored objects, and what it did not write yet.
    void reread();
    Instant now_on_clock(const std::string& test_clock);
    /// emit() with what is sent of both.
    void record(std::string_view type, const Json& object, Json shown, Json previous);
    void forget(std::string_view kind, const std::string& id);

    sql::Transaction& tx_;
    std::string account_;
    Instant now_;
    IdSource& ids_;
    ObjectCache objects_;
    RequestInfo request_;
    const Surroundings* surroundings_ = nullptr;
    std::string base_url_ = "http://127.0.0.1";
    bool keep_effects_ = false;
    std::optional<std::pair<std::string, Instant>> clock_time_;
    /// Customer -> test clock ("" if none). A step of the engine asks for it a dozen times.
    std::unordered_map<std::string, std::string> clocks_;
    std::unordered_map<std::string, Instant> frozen_times_;
    std::optional<std::vector<Json>> enabled_endpoints_;
};

/// Back to where it was made, if the work since then is refused. They nest.
class Retreat {
public:
    explicit Retreat(Context& ctx) : ctx_(ctx), point_(saved(ctx)) {}
    void undo() {
        point_.undo();
        ctx_.reread();
    }
    void close() { point_.close(); }

private:
    static sql::Transaction& saved(Context& ctx) {
        ctx.save();
        return ctx.transaction();
    }
    Context& ctx_;
    UndoPoint point_;
};

/// One operation of the API. `params` is the decoded form or query, without `expand`; path values
/// by name.
struct Operation {
    Context& ctx;
    Params params;
    std::vector<std::pair<std::string_view, std::string>> path_values;
    std::string url{};  ///< the path as asked for: "/v1/customers"
    [[nodiscard]] const std::string& path(std::string_view name) const;
};
using OperationHandler = Answer (*)(Operation&);

/// One row of the twin's route table: {"POST", "/v1/customers/{customer}", update_customer}.
struct OperationRoute {
    std::string_view method;
    std::string_view pattern;
    OperationHandler handler;
};

/// A page of stored objects, cut by the database; `keep` may refuse some. Use this for lists that
/// grow without bound. Reads and checks parameters as list_page() does.
Answer list_objects(Operation& operation, std::string_view kind, const ListFilter& filter,
                    const std::function<bool(const Json&)>& keep = nullptr);
/// Reads created and created[gt|gte|lt|lte].
void read_created(Params& params, ListFilter& filter);

/// Stripe's list body: reads limit, starting_after and ending_before from the operation's
/// parameters, checks the rest of them, and cuts the page out of `newest_first`.
Answer list_page(Operation& operation, std::string_view url, std::vector<Json> newest_first);

}  // namespace turnpike::twin
