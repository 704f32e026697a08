#include "billing/provider/customer_details.h"

#include <spdlog/spdlog.h>

#include "customers/service.h"
#include "payments/errors.h"

namespace turnpike {
namespace {

constexpr int kBatch = 100;

}  // namespace

std::optional<OwedDetails> details_owed(sql::Transaction& tx, const CustomerId& id,
                                        std::string_view provider) {
    auto untold = find_untold_details(tx, id, provider);
    if (!untold) return std::nullopt;
    auto customer = find_customer(tx, id.text());
    if (!customer) return std::nullopt;
    return OwedDetails{*std::move(customer), *std::move(untold)};
}

namespace {

asio::awaitable<std::optional<OwedDetails>> read_owed_details(BillingContext& billing,
                                                              CustomerId id) {
    co_return co_await billing.db.read(
        [&](sql::Transaction& tx) { return details_owed(tx, id, billing.provider.name()); });
}

/// What the provider refuses for good is logged and given up. \return an error: it is still owed
asio::awaitable<Result<void>> try_to_tell(BillingContext& billing, OwedDetails owed) {
    const auto& id = owed.customer.id;
    const auto provider = billing.provider.name();
    CustomerDetails details{
        .obligation = "customer:" + id.text() + ":details:" + std::to_string(owed.untold.revision),
        .customer = owed.untold.provider_customer,
        .email = owed.customer.email,
        .name = owed.customer.name,
    };
    const auto told = co_await billing.provider.update_customer(std::move(details));
    if (!told && may_succeed_later(told.error())) co_return failure(told);
    if (!told)
        spdlog::warn("event=billing.customer_details_refused customer={} reason={} message=\"{}\"",
                     id.text(), told.error().reason.text(), told.error().message);
    co_await billing.db.write([&](sql::Transaction& tx) {
        mark_details_told(tx, id, provider, owed.untold.revision, billing.clock.now());
        return true;
    });
    co_return Result<void>{};
}

}  // namespace

asio::awaitable<bool> tell_owed_details(BillingContext& billing, OwedDetails owed) {
    const CustomerId customer = owed.customer.id;
    const auto told = co_await try_to_tell(billing, std::move(owed));
    if (!told)
        spdlog::warn("event=billing.customer_details_owed customer={} reason={} message=\"{}\"",
                     customer.text(), told.error().reason.text(), told.error().message);
    co_return told.has_value();
}

asio::awaitable<bool> tell_customer_details(BillingContext& billing, CustomerId id) {
    auto owed = co_await read_owed_details(billing, std::move(id));
    if (!owed) co_return true;
    co_return co_await tell_owed_details(billing, *std::move(owed));
}

asio::awaitable<std::int64_t> tell_changed_customers(BillingContext& billing, Instant until,
                                                     PassLog& log) {
    const auto behind = co_await billing.db.read([&](sql::Transaction& tx) {
        return customers_behind(tx, billing.provider.name(), until, kBatch);
    });
    std::int64_t count = 0;
    for (const auto& customer : behind) {
        auto owed = co_await read_owed_details(billing, customer);
        if (!owed) continue;
        const auto told = co_await try_to_tell(billing, *std::move(owed));
        if (!told) {
            log.tell("customer_details", customer.text(), told.error());
            continue;
        }
        log.tell_success("customer_details", customer.text());
        ++count;
    }
    co_return count;
}

}  // namespace turnpike
