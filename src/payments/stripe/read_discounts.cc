#include "payments/stripe/read_discounts.h"

#include <algorithm>
#include <utility>

#include "json/value.h"
#include "payments/reply_reader.h"

namespace turnpike::stripe {
namespace {

/// The object that names the coupon: "source" since 2025-09-30, the discount itself before.
const Json& coupon_holder(const Json& discount) {
    const Json* source = ReplyReader(discount, "discount").object("source");
    return source != nullptr ? *source : discount;
}

bool has_terms(const Json& discount) {
    return discount.is_object() &&
           ReplyReader(coupon_holder(discount), "discount").object("coupon") != nullptr;
}

/// Only numbers of four digits after the point, as Stripe takes them.
std::optional<Decimal<4>> read_percent(const Json& coupon) {
    const auto number = coupon.find("percent_off");
    if (number == coupon.end() || !number->is_number()) return std::nullopt;
    const auto percent = Decimal<4>::parse(to_text(*number));
    const bool is_share = percent && *percent > Decimal<4>() && *percent <= Decimal<4>::whole(100);
    return is_share ? percent : std::nullopt;
}

std::optional<Money> read_amount_off(ReplyReader& coupon, const std::string& currency) {
    const auto minor = coupon.maybe_integer("amount_off");
    const auto code = coupon.maybe_text("currency");
    if (!minor || *minor <= 0 || code != currency) return std::nullopt;
    const auto known = parse_currency(*code);
    if (!known) return std::nullopt;
    return Money(*minor, *known);
}

ProviderDiscount read_discount(const Json& object, const std::string& currency) {
    if (object.is_string()) return {.id = object.get<std::string>(), .duration = ""};
    ReplyReader fields(object, "discount");
    const Json& holder = coupon_holder(object);
    ProviderDiscount read{.id = fields.maybe_text("id").value_or(""),
                          .coupon = ReplyReader(holder, "discount").maybe_reference("coupon"),
                          .duration = "",
                          .start = fields.maybe_instant("start"),
                          .end = fields.maybe_instant("end")};
    if (!has_terms(object)) return read;
    const Json& object_of_coupon = holder.at("coupon");
    ReplyReader coupon(object_of_coupon, "coupon");
    read.duration = coupon.maybe_text("duration").value_or("");
    read.percent = read_percent(object_of_coupon);
    if (!read.percent) read.amount = read_amount_off(coupon, currency);
    return read;
}

/// Since 2024 there may be several; before, there was one in a member of its own.
std::vector<Json> own_discounts(const ReplyReader& subscription) {
    const Json* several = subscription.array("discounts");
    if (several != nullptr && !several->empty()) return {several->begin(), several->end()};
    const Json* one = subscription.object("discount");
    return one != nullptr ? std::vector<Json>{*one} : std::vector<Json>();
}

const Json* customer_discount(const ReplyReader& subscription) {
    const Json* customer = subscription.object("customer");
    return customer != nullptr ? ReplyReader(*customer, "customer").object("discount") : nullptr;
}

std::vector<Json> item_discounts(const ReplyReader& subscription) {
    const Json* items = subscription.object("items");
    const Json* data = items != nullptr ? ReplyReader(*items, "items").array("data") : nullptr;
    std::vector<Json> discounts;
    if (data == nullptr) return discounts;
    for (const Json& item : *data)
        if (const Json* own = ReplyReader(item, "item").array("discounts"))
            discounts.insert(discounts.end(), own->begin(), own->end());
    return discounts;
}

void add(std::vector<ProviderDiscount>& all, ProviderDiscount discount) {
    const bool is_new = std::ranges::find(all, discount.id, &ProviderDiscount::id) == all.end();
    if (!discount.id.empty() && is_new) all.push_back(std::move(discount));
}

}  // namespace

std::optional<std::vector<ProviderDiscount>> read_discounts(const Json& subscription) {
    ReplyReader fields(subscription, "subscription");
    const auto currency = fields.maybe_text("currency").value_or("");
    std::vector<ProviderDiscount> read;
    for (const Json& one : item_discounts(fields)) add(read, read_discount(one, currency));
    const auto own = own_discounts(fields);
    if (std::ranges::any_of(own, &Json::is_string)) return std::nullopt;
    for (const Json& one : own) add(read, read_discount(one, currency));
    if (!own.empty()) return read;
    if (fields.object("customer") == nullptr) return std::nullopt;
    if (const Json* one = customer_discount(fields)) add(read, read_discount(*one, currency));
    return read;
}

bool lacks_customer_terms(const Json& subscription) {
    ReplyReader fields(subscription, "subscription");
    if (!own_discounts(fields).empty()) return false;
    const Json* discount = customer_discount(fields);
    return discount != nullptr && !has_terms(*discount);
}

}  // namespace turnpike::stripe
