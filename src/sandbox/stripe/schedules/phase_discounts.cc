#include "sandbox/stripe/schedules/phase_discounts.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "json/value.h"
#include "sandbox/stripe/coupons/applied.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/price_amount.h"

namespace turnpike::twin {
namespace {

using Kind = DiscountRequest::Kind;

constexpr std::array<std::pair<const char*, Kind>, 3> kMembers{
    {{"coupon", Kind::Coupon},
     {"discount", Kind::Discount},
     {"promotion_code", Kind::PromotionCode}}};

/// Whether this discount came from what the request names.
bool comes_from(const Json& discount, const DiscountRequest& request) {
    const std::string code = text_of(discount, "promotion_code");
    if (request.kind == Kind::PromotionCode) return code == request.id;
    return request.kind == Kind::Coupon && code.empty() &&
           text_of(part_of(discount, "source"), "coupon") == request.id;
}

}  // namespace

Json phase_discounts(const std::vector<DiscountRequest>& requests) {
    Json discounts = Json::array();
    for (const DiscountRequest& request : requests) {
        Json entry;
        for (const auto& [member, kind] : kMembers)
            entry[member] = kind == request.kind ? Json(request.id) : Json();
        discounts.push_back(std::move(entry));
    }
    return discounts;
}

std::vector<DiscountRequest> requests_of(const Json& phase_discounts) {
    std::vector<DiscountRequest> requests;
    for (const Json& entry : phase_discounts)
        for (const auto& [member, kind] : kMembers)
            if (const std::string id = text_of(entry, member); !id.empty())
                requests.push_back({kind, id, "phases"});
    return requests;
}

std::vector<DiscountRequest> requests_at_start(Context& ctx, const Json& phase_discounts) {
    std::vector<DiscountRequest> requests = requests_of(phase_discounts);
    std::erase_if(requests, [&](const DiscountRequest& request) {
        if (request.kind != Kind::Discount) return false;
        const auto discount = ctx.look("discount", request.id);
        return discount && flag_of(*discount, "_ended");
    });
    return requests;
}

std::vector<DiscountRequest> requests_beside(Context& ctx, std::vector<DiscountRequest> requests,
                                             const Json& running) {
    for (const Json& id : part_of(running, "discounts")) {
        const auto discount = ctx.find("discount", id.get<std::string>());
        if (!discount) continue;
        const auto same = std::ranges::find_if(requests, [&](const DiscountRequest& request) {
            return comes_from(*discount, request);
        });
        if (same != requests.end()) *same = {Kind::Discount, text_of(*discount, "id"), same->param};
    }
    return requests;
}

Json phase_discounts_of(const Json& owner) {
    std::vector<DiscountRequest> requests;
    for (const Json& id : part_of(owner, "discounts"))
        requests.push_back({Kind::Discount, id.get<std::string>(), ""});
    return phase_discounts(requests);
}

bool names_discounts_of(Context& ctx, const Json& phase, const Json& subscription) {
    const auto same = [&](const Json& named, const Json& running) {
        return phase_discounts(requests_beside(ctx, requests_of(named.at("discounts")), running)) ==
               phase_discounts_of(running);
    };
    if (!same(phase, subscription)) return false;
    const Json& items = phase.at("items");
    return std::ranges::all_of(subscription.at("items").at("data"), [&](const Json& item) {
        return std::ranges::any_of(items, [&](const Json& named) {
            return text_of(named, "price") == text_of(item, "price") && same(named, item);
        });
    });
}

Json item_of_price(const Json& items, const std::string& price) {
    for (const Json& item : items)
        if (text_of(item, "price") == price) return item;
    return {};
}

DiscountedPhase new_in_running(Context& ctx, DiscountedPhase phase, const RunningPhase& running) {
    const auto keep = [&](std::vector<DiscountRequest>& wanted, const Json& before,
                          const Json& present) {
        const bool same = before.is_object() && before.at("discounts") == phase_discounts(wanted);
        wanted = same ? std::vector<DiscountRequest>()
                      : requests_beside(ctx, std::move(wanted), present);
    };
    keep(phase.whole, running.phase, running.subscription);
    for (ItemRequest& item : phase.items) {
        if (!item.discounts) continue;
        const std::string price = text_of(*item.price, "id");
        const Json before = item_of_price(running.phase.at("items"), price);
        keep(*item.discounts, before,
             item_of_price(running.subscription.at("items").at("data"), price));
    }
    phase.charges.clear();
    return phase;
}

std::optional<StripeError> check_phase_discounts(Context& ctx, DiscountTarget target,
                                                 const DiscountedPhase& phase,
                                                 std::vector<Redeemed>& redeemed) {
    const Json in_currency{{"currency", target.currency}};
    std::vector<Bought> all;
    const auto refused = [&](std::int64_t amount, const std::vector<DiscountRequest>& requests) {
        target.amount = amount;
        auto found = redeem(ctx, target, requests, redeemed);
        if (!found) return std::optional(found.error());
        for (Redeemed& each : *found) redeemed.push_back(std::move(each));
        return std::optional<StripeError>();
    };
    for (const ItemRequest& item : phase.items) {
        all.push_back({price_of_subscription(in_currency, *item.price),
                       is_metered(*item.price) ? 0 : item.quantity.value_or(1)});
        if (!item.discounts) continue;
        if (auto error = refused(purchase_amount({all.back()}), *item.discounts)) return error;
    }
    for (const AddedCharge& charge : phase.charges) {
        all.push_back({price_of_subscription(in_currency, charge.price), charge.quantity});
        if (auto error = refused(purchase_amount({all.back()}), charge.discounts)) return error;
    }
    return refused(purchase_amount(all), phase.whole);
}

Outcome<std::vector<Redeemed>> discount_phase(Context& ctx, Json& subscription,
                                              const std::vector<DiscountRequest>& requests,
                                              std::int64_t amount) {
    auto redeemed = redeem(ctx,
                           {.customer = text_of(subscription, "customer"),
                            .owner = "subscription",
                            .owner_id = text_of(subscription, "id"),
                            .currency = text_of(subscription, "currency"),
                            .amount = amount},
                           requests);
    if (redeemed) set_discounts(subscription, terms_of(*redeemed));
    return redeemed;
}

}  // namespace turnpike::twin
