#include "import/writing.h"

#include <fmt/format.h>

#include "billing/life/mirror.h"
#include "billing/provider/price_adoption.h"
#include "catalog/service.h"
#include "customers/provider_link.h"
#include "customers/service.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

std::unexpected<Refusal> refusal_of(std::string code, std::string detail) {
    return std::unexpected(Refusal{std::move(code), std::move(detail)});
}

std::string name_of(const ForeignCustomer& customer, const Catalog& catalog) {
    const bool is_primary = customer.catalog.empty() || customer.catalog == catalog.primary();
    return QualifiedName{is_primary ? "" : customer.catalog, customer.external_id}.text();
}

std::optional<std::string> details_beside(const Customer& here, const ForeignCustomer& there) {
    const auto differs = [](const auto& ours, const auto& theirs) {
        return theirs && ours != theirs;
    };
    if (differs(here.email, there.email)) return "e-mail " + here.email.value_or("none");
    if (differs(here.name, there.name)) return "name " + here.name.value_or("none");
    return std::nullopt;
}

std::expected<WrittenCustomer, Refusal> ensure_there(sql::Transaction& tx,
                                                     const WritingScope& scope,
                                                     const ForeignCustomer& customer) {
    const auto known = find_customer(tx, "ext:" + name_of(customer, scope.catalog));
    if (known)
        return WrittenCustomer{.id = known->id, .other_details = details_beside(*known, customer)};
    CustomerDraft draft{.external_id = customer.external_id,
                        .email = customer.email,
                        .name = customer.name,
                        .metadata = {},
                        .test_clock = std::nullopt,
                        .catalog = customer.catalog};
    if (customer.created_at)
        draft.metadata.emplace_back("customer_since", format_rfc3339(*customer.created_at));
    const auto made = create_customer(tx, draft, scope.authority, scope.now, scope.ids);
    if (!made) return refusal_of("bad_customer", made.error().message);
    return WrittenCustomer{.id = made->id, .is_new = true};
}

/// The price of ours that a price of theirs is to be linked with; nullopt: it is linked already.
std::expected<std::optional<PriceId>, Refusal> price_to_link(sql::Transaction& tx,
                                                             const Catalog& catalog,
                                                             const ForeignCustomer& customer,
                                                             const FoundSubscription& found) {
    const auto& said = *found.said;
    const auto catalog_key =
        customer.catalog.empty() ? std::string(catalog.primary()) : customer.catalog;
    if (const auto sold = find_price_of_provider(tx, said.provider, found.theirs.price)) {
        const auto plan = load_plan_version(tx, sold->plan_version).value();
        const bool is_meant =
            plan.catalog == catalog_key && said.plan.value_or(plan.key) == plan.key;
        if (!is_meant)
            return refusal_of("plan_differs",
                              fmt::format("{} here, {} at {}", said.plan.value_or(catalog_key),
                                          catalog.name_of(plan), said.provider));
        return std::nullopt;
    }
    if (!said.plan)
        return refusal_of("no_plan", "no plan is named, and none is sold as " + found.theirs.price);
    const auto* plan = catalog.plan(catalog_key, *said.plan);
    if (plan == nullptr) return refusal_of("unknown_plan", *said.plan);
    const auto price = price_like(*plan, found.price);
    if (!price) return refusal_of("price_differs", price.error().message);
    if (!found.price.active && !find_provider_price(tx, *price, said.provider))
        return refusal_of("price_archived", "nothing else is there to sell " + *said.plan +
                                                " under: " + found.price.id);
    return *price;
}

std::expected<std::monostate, Refusal> take_subscription(sql::Transaction& tx,
                                                         const WritingScope& scope,
                                                         const CustomerId& owner,
                                                         const ForeignCustomer& customer,
                                                         const FoundSubscription& found) {
    const auto& provider = found.said->provider;
    const auto& theirs = found.theirs;
    if (const auto live = find_live_subscription(tx, owner))
        return refusal_of("has_another_subscription", live->id.text());
    if (!link_provider_customer(tx, owner, provider, theirs.customer))
        return refusal_of("provider_customer_taken",
                          theirs.customer + " or this customer is linked");
    const auto price = price_to_link(tx, scope.catalog, customer, found);
    if (!price) return std::unexpected(price.error());
    // Linked at the beginning of time: what is sold now stays so.
    if (*price && !link_provider_price(tx, {**price, provider, theirs.price}, Instant{}))
        return refusal_of("price_differs", theirs.price + " is linked with another price");
    const MirrorScope mirror{.provider = provider,
                             .ids = scope.ids,
                             .now = scope.now,
                             .authority = scope.authority,
                             .ticket = found.ticket ? *found.ticket : next_fetch_ticket(tx),
                             .grace = found.at->grace};
    const auto mirrored = mirror_subscription(tx, mirror, theirs);
    if (!mirrored) return refusal_of("not_adopted", mirrored.error().message);
    if (!*mirrored) return refusal_of("not_adopted", theirs.id + " is of a checkout or a move");
    return std::monostate{};
}

}  // namespace

std::expected<bool, Refusal> is_taken_over(sql::Transaction& tx, const Catalog& catalog,
                                           const ForeignCustomer& customer,
                                           const ForeignSubscription& said) {
    const auto known = find_subscription_of_provider(tx, said.provider, said.provider_id);
    if (!known) return false;
    const auto owner = find_customer(tx, known->customer.text()).value().external_id;
    if (owner != name_of(customer, catalog))
        return refusal_of("of_another_customer", said.provider_id + " is of " + owner);
    return true;
}

std::expected<WrittenCustomer, Refusal> write_customer(sql::Transaction& tx,
                                                       const WritingScope& scope,
                                                       const ForeignCustomer& customer,
                                                       const FoundSubscription* found) {
    auto written = ensure_there(tx, scope, customer);
    if (!written || found == nullptr) return written;
    const auto taken = take_subscription(tx, scope, written->id, customer, *found);
    if (!taken) return std::unexpected(taken.error());
    written->has_new_subscription = true;
    return written;
}

}  // namespace turnpike
