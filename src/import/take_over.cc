#include "import/take_over.h"

#include <algorithm>
#include <expected>
#include <iterator>
#include <string>
#include <utility>
#include <variant>

#include "import/foreign_text.h"
#include "import/provider_look.h"
#include "import/usage_taking.h"
#include "import/writing.h"
#include "subscriptions/history.h"

namespace turnpike {
namespace {

const Authority by_importer{std::string(kImporter), ""};

/// A transaction that left nothing behind: it was refused, or only tried.
using RolledBack = std::variant<Refusal, WrittenCustomer>;

/// The subscription that runs, of those that the source names. Two cannot be taken over: a customer
/// has one.
const ForeignSubscription* running_one(ForeignCustomer& customer) {
    const ForeignSubscription* running = nullptr;
    for (const auto& each : customer.subscriptions) {
        if (each.has_ended) {
            customer.note("has_ended", each.place, each.provider_id);
        } else if (running != nullptr) {
            customer.refuse("two_subscriptions", each.place,
                            running->provider_id + " runs too, and a customer has one");
        } else {
            running = &each;
        }
    }
    return running;
}

/// What the catalog has to say about it.
void check_catalog(ForeignCustomer& customer, const Catalog& catalog) {
    if (!catalog.has(customer.catalog))
        return customer.refuse("unknown_catalog", customer.place, customer.catalog);
    for (const auto& [place, key] : customer.unbilled) {
        const auto* plan = catalog.plan(customer.catalog, key);
        if (plan == nullptr)
            customer.refuse_subscription("unknown_plan", place, key);
        else if (!plan->is_default)
            customer.refuse_subscription("plan_without_provider", place,
                                         key + " is billed by nobody");
    }
    for (const auto& usage : customer.usage)
        if (catalog.meter(usage.meter) == nullptr)
            customer.refuse("unknown_meter", usage.place, usage.meter);
}

void note_other_days(ForeignCustomer& customer, const FoundSubscription& found) {
    for (const auto& usage : customer.usage)
        if (usage.period.start != found.theirs.period.start)
            customer.note("usage_of_other_days", usage.place,
                          "counted since " + format_rfc3339(usage.period.start) +
                              "; the billing period began " +
                              format_rfc3339(found.theirs.period.start));
}

/// What is known of the subscription that a customer is to have.
struct Looked {
    std::optional<FoundSubscription> found{};
    bool is_there = false;  ///< in the ledger already
};

class Import {
public:
    Import(BillingContexts& billing, ImportOrder order)
        : billing_(billing),
          order_(std::move(order)),
          providers_(billing,
                     writes() ? ProviderLook::Tickets::Taken : ProviderLook::Tickets::None) {}

    /// With its remarks, in the report.
    asio::awaitable<Result<std::monostate>> take(ForeignCustomer& customer);
    ImportReport report;

private:
    [[nodiscard]] bool writes() const { return order_.mode == ImportOrder::Mode::Write; }
    /// \return false: it is refused, and nothing was written
    asio::awaitable<Result<bool>> try_to_take(ForeignCustomer& customer);
    asio::awaitable<Result<Looked>> look(ForeignCustomer& customer,
                                         const ForeignSubscription* running);
    asio::awaitable<std::optional<WrittenCustomer>> write(ForeignCustomer& customer,
                                                          const FoundSubscription* found);

    BillingContexts& billing_;
    const ImportOrder order_;
    ProviderLook providers_;
};

asio::awaitable<Result<Looked>> Import::look(ForeignCustomer& customer,
                                             const ForeignSubscription* running) {
    if (running == nullptr) co_return Looked{};
    const auto snapshot = billing_.catalog.get();
    // A value, because a refusal is no error of a read.
    const auto known = co_await billing_.db.read([&](sql::Transaction& tx) {
        return std::pair(is_taken_over(tx, *snapshot, customer, *running), 0);
    });
    if (!known.first) {
        customer.refuse(known.first.error().code, running->place, known.first.error().detail);
        co_return Looked{};
    }
    if (*known.first) co_return Looked{.is_there = true};
    auto found = co_await providers_.look(customer, *running);
    if (!found) co_return failure(found);
    co_return Looked{.found = *std::move(found)};
}

asio::awaitable<std::optional<WrittenCustomer>> Import::write(ForeignCustomer& customer,
                                                              const FoundSubscription* found) {
    const auto snapshot = billing_.catalog.get();
    const auto work = [&](sql::Transaction& tx) -> std::expected<WrittenCustomer, RolledBack> {
        const WritingScope scope{*snapshot, billing_.ids, billing_.clock.now(), by_importer};
        auto written = write_customer(tx, scope, customer, found);
        if (!written) return std::unexpected(RolledBack(written.error()));
        if (!writes()) return std::unexpected(RolledBack(*std::move(written)));
        return *std::move(written);
    };
    auto done = co_await billing_.db.write(work);
    if (done) {
        billing_.standings.invalidate(done->id);
        co_return *std::move(done);
    }
    const auto* refusal = std::get_if<Refusal>(&done.error());
    if (refusal == nullptr) co_return std::get<WrittenCustomer>(done.error());
    const auto& place = found == nullptr ? customer.place : found->said->place;
    customer.refuse(refusal->code, place, refusal->detail);
    co_return std::nullopt;
}

asio::awaitable<Result<bool>> Import::try_to_take(ForeignCustomer& customer) {
    const auto snapshot = billing_.catalog.get();
    check_catalog(customer, *snapshot);
    const auto* running = running_one(customer);
    if (customer.is_refused) co_return false;
    const auto looked = co_await look(customer, running);
    if (!looked) co_return failure(looked);
    if (customer.is_refused) co_return false;
    const auto* found = looked->found ? &*looked->found : nullptr;
    if (found != nullptr) note_other_days(customer, *found);

    const auto written = co_await write(customer, found);
    if (!written) co_return false;
    if (looked->is_there) ++report.subscriptions.already_there;
    ++(written->is_new ? report.customers.created : report.customers.already_there);
    if (written->has_new_subscription) ++report.subscriptions.created;
    if (written->other_details)
        customer.note("details_differ", customer.place,
                      "the ledger has " + *written->other_details + ", and keeps it");
    const auto usage = co_await take_usage(billing_, customer,
                                           writes() ? std::optional(written->id) : std::nullopt);
    if (!usage) co_return failure(usage);
    report.usage.created += usage->created;
    report.usage.already_there += usage->already_there;
    report.usage.refused += usage->refused;
    co_return true;
}

asio::awaitable<Result<std::monostate>> Import::take(ForeignCustomer& customer) {
    const auto is_there = co_await try_to_take(customer);
    if (!is_there) co_return failure(is_there);
    for (const auto& remark : customer.remarks)
        report.remarks.push_back({shown(customer.external_id), remark});
    if (*is_there) co_return std::monostate{};
    ++report.customers.refused;
    report.subscriptions.refused +=
        customer.unread_subscriptions +
        std::ranges::count(customer.subscriptions, false, &ForeignSubscription::has_ended);
    report.usage.refused += customer.unread_usage + std::ssize(customer.usage);
    co_return std::monostate{};
}

}  // namespace

asio::awaitable<Result<ImportReport>> take_over(BillingContexts& billing, ForeignLedger ledger,
                                                ImportOrder order) {
    const auto progress = order.progress;
    Import import(billing, std::move(order));
    for (auto& remark : ledger.remarks) import.report.remarks.push_back({"", std::move(remark)});
    std::uint64_t done = 0;
    for (auto& customer : ledger.customers) {
        const auto taken = co_await import.take(customer);
        if (!taken) co_return failure(taken);
        ++done;
        if (progress) progress(done, ledger.customers.size());
    }
    co_return std::move(import.report);
}

}  // namespace turnpike
