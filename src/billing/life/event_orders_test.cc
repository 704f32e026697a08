// Webhooks come in any order. Whatever the order in which the events of one story arrive, the
// ledger ends in the same rows: those that the provider has at the end.

#include <algorithm>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "billing/life/sync.h"
#include "billing/testing/testing.h"
#include "billing/testing/told_provider.h"
#include "catalog/service.h"
#include "customers/provider_link.h"
#include "customers/service.h"
#include "json/value.h"
#include "metering/sql/sql_usage.h"

namespace turnpike {
namespace {

constexpr std::int64_t kBegin = 1'762'799'351;            // 2025-11-10T18:29:11Z
constexpr std::int64_t kFirstEnd = kBegin + 30 * 86'400;  // November has 30 days
constexpr std::int64_t kSecondEnd = kFirstEnd + 31 * 86'400;

Instant at(std::int64_t seconds) { return from_unix_seconds(seconds); }
Money usd(std::int64_t cents) { return {cents, Currency::Usd}; }

/// The objects of one customer at the provider while a story goes on. Every story that is told has
/// a customer of its own: `name` is part of all ids.
struct Scene {
    std::string name;
    ProviderObjects objects;

    [[nodiscard]] std::string customer() const { return "cus_" + name; }
    [[nodiscard]] std::string id_of(const std::string& what) const { return what + "_" + name; }
    ProviderSubscription& subscription() { return *objects.subscription; }
    ProviderInvoice& invoice(const std::string& which) { return objects.invoices.at(id_of(which)); }

    void subscribe(const std::string& status);
    void draft(const std::string& which, const std::string& reason, const Period& period);
    void finalize(const std::string& which, const std::string& number, std::int64_t when);
    void fail_payment(const std::string& which) { ++invoice(which).attempt_count; }
    void pay(const std::string& which, std::int64_t when);
};

void Scene::subscribe(const std::string& status) {
    objects.subscription = ProviderSubscription{.id = id_of("sub"),
                                                .customer = customer(),
                                                .item = id_of("si"),
                                                .price = "price_pro",
                                                .status = status,
                                                .period = {at(kBegin), at(kFirstEnd)},
                                                .cancel_at = {},
                                                .canceled_at = {},
                                                .ended_at = {},
                                                .started_at = at(kBegin),
                                                .latest_invoice = {},
                                                .metadata = {}};
}

void Scene::draft(const std::string& which, const std::string& reason, const Period& period) {
    ProviderInvoice made;
    made.id = id_of(which);
    made.customer = customer();
    made.subscription = id_of("sub");
    made.status = "draft";
    made.billing_reason = reason;
    made.subtotal = made.total = made.amount_due = usd(9'900);
    made.period = period;
    made.created = period.start;
    made.lines = {{.id = id_of("il_" + which),
                   .description = "1 x PRO",
                   .amount = usd(9'900),
                   .from_subscription = true,
                   .period = period,
                   .metadata = {}}};
    objects.invoices[made.id] = made;
}

void Scene::finalize(const std::string& which, const std::string& number, std::int64_t when) {
    auto& it = invoice(which);
    it.status = "open";
    it.number = number;
    it.issued_at = at(when);
}

void Scene::pay(const std::string& which, std::int64_t when) {
    auto& it = invoice(which);
    it.status = "paid";
    it.amount_paid = it.total;
    ++it.attempt_count;
    it.paid_at = at(when);
}

/// One event: its type, the object that it is about ("sub", "in_1", ...), and what had happened
/// when it was made.
struct Step {
    const char* type;
    const char* object;
    void (*happen)(Scene&);
};
void nothing(Scene& /*scene*/) {}

struct Story {
    const char* name;
    void (*before)(Scene&);   ///< what the ledger has heard of already; nullptr: nothing
    std::vector<Step> steps;  ///< in an order in which they could have been made
    std::string ledger;       ///< at the end
};

void bought(Scene& scene) {
    scene.subscribe("active");
    scene.draft("in_1", "subscription_create", {at(kBegin), at(kBegin)});
    scene.finalize("in_1", "A-0001", kBegin);
    scene.pay("in_1", kBegin);
}

const std::string kBoughtInvoice =
    "invoice A-0001 paid subscription_create 9900 9900 9900 9900 1 issued 1762799351 paid "
    "1762799351 / plan 1 x PRO 9900\n";

Story purchase() {
    return {
        .name = "the purchase of a subscription",
        .before = nullptr,
        .steps =
            {{"customer.subscription.created", "sub", [](Scene& s) { s.subscribe("incomplete"); }},
             {"invoice.created", "in_1",
              [](Scene& s) { s.draft("in_1", "subscription_create", {at(kBegin), at(kBegin)}); }},
             {"invoice.finalized", "in_1", [](Scene& s) { s.finalize("in_1", "A-0001", kBegin); }},
             {"invoice.paid", "in_1", [](Scene& s) { s.pay("in_1", kBegin); }},
             {"customer.subscription.updated", "sub",
              [](Scene& s) { s.subscription().status = "active"; }},
             {"invoice.updated", "in_1", nothing},
             {"invoice.payment_succeeded", "in_1", nothing}},
        .ledger = "subscription pro active 1762799351..1765391351\n" + kBoughtInvoice};
}

/// The card fails, and works the second time.
Story renewal() {
    return {
        .name = "a renewal that is paid late",
        .before = bought,
        .steps = {{"invoice.created", "in_2",
                   [](Scene& s) {
                       s.draft("in_2", "subscription_cycle", {at(kFirstEnd), at(kSecondEnd)});
                   }},
                  {"customer.subscription.updated", "sub",
                   [](Scene& s) { s.subscription().period = {at(kFirstEnd), at(kSecondEnd)}; }},
                  {"invoice.finalized", "in_2",
                   [](Scene& s) { s.finalize("in_2", "A-0002", kFirstEnd + 3'600); }},
                  {"invoice.payment_failed", "in_2", [](Scene& s) { s.fail_payment("in_2"); }},
                  {"customer.subscription.updated", "sub",
                   [](Scene& s) { s.subscription().status = "past_due"; }},
                  {"invoice.paid", "in_2", [](Scene& s) { s.pay("in_2", kFirstEnd + 259'200); }},
                  {"customer.subscription.updated", "sub",
                   [](Scene& s) { s.subscription().status = "active"; }}},
        .ledger = "subscription pro active 1765391351..1768069751\n" + kBoughtInvoice +
                  "invoice A-0002 paid subscription_cycle 9900 9900 9900 9900 2 issued "
                  "1765394951 paid 1765650551 / plan 1 x PRO 9900\n"
                  "closed 1762799351..1765391351 done undecided\n"};
}

/// An upgrade, then the end that was asked for.
Story ending() {
    return {.name = "an upgrade, and the end",
            .before = bought,
            .steps = {{"customer.subscription.updated", "sub",
                       [](Scene& s) { s.subscription().price = "price_enterprise"; }},
                      {"invoice.created", "in_2",
                       [](Scene& s) {
                           s.draft("in_2", "subscription_update", {at(kBegin), at(kFirstEnd)});
                       }},
                      {"invoice.finalized", "in_2",
                       [](Scene& s) { s.finalize("in_2", "A-0002", kBegin + 60); }},
                      {"invoice.paid", "in_2", [](Scene& s) { s.pay("in_2", kBegin + 61); }},
                      {"customer.subscription.updated", "sub",
                       [](Scene& s) {
                           s.subscription().cancel_at_period_end = true;
                           s.subscription().cancel_at = at(kFirstEnd);
                           s.subscription().canceled_at = at(kBegin + 120);
                       }},
                      {"invoice.payment_succeeded", "in_2", nothing},
                      {"customer.subscription.deleted", "sub",
                       [](Scene& s) {
                           s.subscription().status = "canceled";
                           s.subscription().ended_at = at(kFirstEnd);
                       }}},
            .ledger =
                "subscription enterprise canceled 1762799351..1765391351 ends with its period "
                "cancel at 1765391351 canceled 1762799471 ended 1765391351\n" +
                kBoughtInvoice +
                "invoice A-0002 paid subscription_update 9900 9900 9900 9900 1 issued "
                "1762799411 paid 1762799412 / plan 1 x PRO 9900\n"
                "closed 1762799351..1765391351 done undecided\n"};
}

std::string moment(const char* name, const sql::Row& row, std::size_t column) {
    const auto value = row.maybe_instant(column);
    return value ? fmt::format(" {} {}", name, unix_seconds(*value)) : "";
}

constexpr std::string_view kSubscriptions = R"sql(
    SELECT plans.key, status, period_start, period_end, cancel_at_period_end,
           cancel_at, canceled_at, ended_at
      FROM subscriptions JOIN plan_versions ON plan_versions.id = subscriptions.plan_version_id
                         JOIN plans ON plans.id = plan_versions.plan_id
     WHERE customer_id = $1
)sql";

constexpr std::string_view kInvoices = R"sql(
    SELECT number, status, billing_reason, subtotal_minor, total_minor, amount_due_minor,
           amount_paid_minor, attempt_count, issued_at, paid_at, id
      FROM invoices WHERE customer_id = $1 ORDER BY number
)sql";

constexpr std::string_view kLines = R"sql(
    SELECT kind, description, amount_minor FROM invoice_lines WHERE invoice_id = $1 ORDER BY kind
)sql";

constexpr std::string_view kCloses = R"sql(
    SELECT period_start, period_end, state, placement FROM period_closes
     WHERE subscription_id IN (SELECT id FROM subscriptions WHERE customer_id = $1)
     ORDER BY period_start
)sql";

std::string subscription_text(const sql::Row& row) {
    return fmt::format("subscription {} {} {}..{}{}{}{}{}\n", row.text(0), row.text(1),
                       unix_seconds(row.instant(2)), unix_seconds(row.instant(3)),
                       row.flag(4) ? " ends with its period" : "", moment("cancel at", row, 5),
                       moment("canceled", row, 6), moment("ended", row, 7));
}

std::string invoice_text(sql::Transaction& tx, const sql::Row& row) {
    auto text = fmt::format("invoice {} {} {} {} {} {} {} {}{}{}", row.maybe_text(0).value_or("-"),
                            row.text(1), row.text(2), row.integer(3), row.integer(4),
                            row.integer(5), row.integer(6), row.integer(7),
                            moment("issued", row, 8), moment("paid", row, 9));
    for (const auto& line : tx.all(kLines, {row.text(10)}))
        text += fmt::format(" / {} {} {}", line.text(0), line.text(1), line.integer(2));
    return text + "\n";
}

/// All that the ledger knows of a customer, but when it heard of it and under which ids.
std::string ledger_of(sql::Transaction& tx, const CustomerId& customer) {
    std::string text;
    for (const auto& row : tx.all(kSubscriptions, {customer})) text += subscription_text(row);
    for (const auto& row : tx.all(kInvoices, {customer})) text += invoice_text(tx, row);
    for (const auto& row : tx.all(kCloses, {customer}))
        text += fmt::format("closed {}..{} {} {}\n", unix_seconds(row.instant(0)),
                            unix_seconds(row.instant(1)), row.text(2), row.text(3));
    return text;
}

/// Runs what is asked of it at once, inside somebody's transaction, so that all of it can be undone
/// to a savepoint.
class LedgerInside final : public sql::Database {
public:
    explicit LedgerInside(sql::Transaction& tx) : tx_(tx) {}
    [[nodiscard]] std::string_view engine() const override { return "sqlite"; }
    [[nodiscard]] std::size_t backlog() const override { return 0; }
    void submit(Kind /*kind*/, sql::Job job, sql::Done done) override {
        std::exception_ptr failed;
        tx_.run("SAVEPOINT job");
        try {
            if (!job(tx_)) tx_.run("ROLLBACK TO SAVEPOINT job");
        } catch (...) {
            failed = std::current_exception();
            tx_.run("ROLLBACK TO SAVEPOINT job");
        }
        tx_.run("RELEASE SAVEPOINT job");
        done(failed);
    }

private:
    sql::Transaction& tx_;
};

/// Events of one customer, applied as the inbox has them applied, inside one transaction.
class Applier {
public:
    Applier(sql::Transaction& tx, CatalogCache& catalog)
        : ledger_(tx), usage_(ledger_, ids_), catalog_(catalog) {}

    void hear(const ProviderObjects& objects, const Scene& scene, const Step& step) {
        provider_.holds(objects);
        Json object{{"id", scene.id_of(step.object)}};
        if (std::string_view(step.object) != "sub")
            object["parent"]["subscription_details"]["subscription"] = scene.id_of("sub");
        const Json event{{"type", step.type}, {"data", {{"object", object}}}};
        const auto applied = run(apply_event(billing_, {step.type, to_text(event)}, tester));
        ASSERT_TRUE(applied) << step.type << ": " << applied.error().message;
    }

private:
    static Result<std::monostate> run(asio::awaitable<Result<std::monostate>> work) {
        asio::io_context io;
        std::optional<Result<std::monostate>> result;
        const auto keep =
            [&](asio::awaitable<Result<std::monostate>> wanted) -> asio::awaitable<void> {
            result.emplace(co_await std::move(wanted));
        };
        asio::co_spawn(io, keep(std::move(work)), [](const std::exception_ptr& error) {
            if (error) std::rethrow_exception(error);
        });
        io.run();
        return *std::move(result);
    }

    LedgerInside ledger_;
    SystemClock clock_;
    RandomIdSource ids_;
    ToldProvider provider_;
    SqlUsage usage_;
    CatalogCache& catalog_;
    StandingCache standings_{StandingCache::Config{}};
    BillingContext billing_{ledger_, usage_, clock_, ids_, provider_, catalog_, standings_};
};

/// A story's events, told in every order, or in a given one. The provider is always as far as the
/// newest event that was told, as it is when events come late; then nothing more of it is certain.
class Telling {
public:
    Telling(sql::Transaction& tx, CatalogCache& catalog, const Story& story)
        : tx_(tx), story_(story), applier_(tx, catalog), customer_(known_customer()) {
        if (story_.before != nullptr) {
            story_.before(scene_);
            applier_.hear(scene_.objects, scene_, {"invoice.paid", "in_1", nothing});
        }
        for (const auto& step : story_.steps) {
            step.happen(scene_);
            moments_.push_back(scene_.objects);
        }
    }

    /// Every order goes on from the state after its beginning, which others share.
    /// \return how many orders there were
    int tell_all_orders() {
        if (order_.size() == story_.steps.size()) {
            EXPECT_EQ(ledger_of(tx_, customer_), story_.ledger) << order_text();
            return 1;
        }
        int orders = 0;
        const auto savepoint = "after_" + std::to_string(order_.size());
        for (std::size_t step = 0; step < story_.steps.size(); ++step) {
            if (std::ranges::find(order_, step) != order_.end()) continue;
            tx_.run("SAVEPOINT " + savepoint);
            tell(step);
            orders += tell_all_orders();
            order_.pop_back();
            tx_.run("ROLLBACK TO SAVEPOINT " + savepoint);
            tx_.run("RELEASE SAVEPOINT " + savepoint);
            if (::testing::Test::HasFailure()) break;
        }
        return orders;
    }

    void tell(std::size_t step) {
        order_.push_back(step);
        applier_.hear(moments_[std::ranges::max(order_)], scene_, story_.steps[step]);
    }
    std::string ledger() { return ledger_of(tx_, customer_); }

private:
    CustomerId known_customer() {
        RandomIdSource ids;
        CustomerDraft draft;
        draft.external_id = scene_.name;
        const auto made = create_customer(tx_, draft, tester, at(kBegin), ids);
        if (!made) throw std::runtime_error(made.error().message);
        link_provider_customer(tx_, made->id, "stripe", scene_.customer());
        return made->id;
    }
    std::string order_text() const {
        std::string text = story_.name;
        for (const auto step : order_)
            text += fmt::format("\n  {} {}", story_.steps[step].type, story_.steps[step].object);
        return text;
    }

    sql::Transaction& tx_;
    const Story& story_;
    Scene scene_{.name = "1", .objects = {}};
    Applier applier_;
    CustomerId customer_;
    std::vector<ProviderObjects> moments_;  ///< after each step
    std::vector<std::size_t> order_;        ///< told so far
};

class EventOrders : public ::testing::Test {
protected:
    void SetUp() override {
        catalog_.reload(*ledger_);
        ledger_->write_blocking([&](sql::Transaction& tx) {
            for (const std::string plan : {"pro", "enterprise"}) {
                const auto provider_price = "price_" + plan;
                link_provider_price(tx,
                                    {.price = catalog_.get()->plan(plan)->prices.front().id,
                                     .provider = "stripe",
                                     .provider_price = provider_price},
                                    at(kBegin));
            }
            return true;
        });
    }
    /// What comes of work inside a transaction that is undone.
    template <class Work>
    void undone(Work work) {
        const auto done =
            ledger_->write_blocking([&](sql::Transaction& tx) -> Result<std::monostate> {
                work(tx);
                return conflict("test.undone", "");
            });
        EXPECT_FALSE(done);
    }

    std::unique_ptr<sql::Database> ledger_ = ledger_with_catalog();
    CatalogCache catalog_;
};

class AllEventOrders : public EventOrders, public ::testing::WithParamInterface<Story (*)()> {};

TEST_P(AllEventOrders, OfSevenEventsEndInTheSameRows) {
    const auto story = GetParam()();
    ASSERT_EQ(story.steps.size(), 7U);
    undone([&](sql::Transaction& tx) {
        EXPECT_EQ(Telling(tx, catalog_, story).tell_all_orders(), 5'040) << story.name;
    });
}

INSTANTIATE_TEST_SUITE_P(OfOneStory, AllEventOrders, ::testing::Values(purchase, renewal, ending));

/// One purchase through Checkout, as it was made: everything that Stripe told of it. The order in
/// which it made these events is not known. What is added here stands first, so that it does not
/// show how far the provider is.
Story checkout() {
    auto story = purchase();
    story.name = "a purchase through Checkout";
    story.steps.insert(story.steps.begin(), {{"charge.succeeded", "ch", nothing},
                                             {"payment_method.attached", "pm", nothing},
                                             {"payment_intent.created", "pi", nothing},
                                             {"payment_intent.succeeded", "pi", nothing},
                                             {"checkout.session.completed", "cs", nothing},
                                             {"invoice.updated", "in_1", nothing},
                                             {"invoice.updated", "in_1", nothing}});
    return story;
}

// Recorded from two purchases (pay-rails/pay#282); the second left that library's subscription
// "incomplete" for good.
TEST_F(EventOrders, TheTwoRecordedOrdersOfACheckoutEndInTheSameRows) {
    const std::vector<std::vector<std::string>> recorded{
        {"charge.succeeded", "payment_method.attached", "invoice.created",
         "customer.subscription.created", "invoice.updated", "invoice.updated", "invoice.finalized",
         "customer.subscription.updated", "invoice.paid", "invoice.updated",
         "invoice.payment_succeeded", "payment_intent.created", "payment_intent.succeeded",
         "checkout.session.completed"},
        {"charge.succeeded", "checkout.session.completed", "invoice.created",
         "payment_method.attached", "invoice.updated", "invoice.updated",
         "customer.subscription.updated", "payment_intent.succeeded",
         "customer.subscription.created", "invoice.payment_succeeded", "invoice.updated",
         "invoice.paid", "invoice.finalized", "payment_intent.created"}};
    const auto story = checkout();
    for (const auto& types : recorded) {
        ASSERT_EQ(types.size(), story.steps.size());
        undone([&](sql::Transaction& tx) {
            Telling telling(tx, catalog_, story);
            std::vector<bool> told(story.steps.size());
            for (const auto& type : types) {
                std::size_t step = 0;
                while (story.steps[step].type != type || told[step]) ++step;
                told[step] = true;
                telling.tell(step);
            }
            EXPECT_EQ(telling.ledger(), story.ledger) << fmt::to_string(fmt::join(types, " "));
        });
    }
}

}  // namespace
}  // namespace turnpike
