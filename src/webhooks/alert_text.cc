#include "webhooks/alert_text.h"

#include <array>
#include <utility>

#include "base/letter_case.h"
#include "base/money.h"
#include "json/value.h"

namespace turnpike {
namespace {

const Json* member(const Json& object, const char* name) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(name);
    return found == object.end() ? nullptr : &*found;
}

std::string text_of(const Json& data, const char* name) {
    const Json* value = member(data, name);
    if (value == nullptr) return "";
    if (value->is_string()) return value->get<std::string>();
    return value->is_number_integer() ? std::to_string(value->get<std::int64_t>()) : "";
}

std::string money_of(const Json& data, const char* name) {
    const Json* money = member(data, name);
    if (money == nullptr) return "";
    const Json* amount = member(*money, "amount");
    const auto currency = parse_currency(text_of(*money, "currency"));
    if (amount == nullptr || !amount->is_number_integer() || !currency) return "";
    return Money(amount->get<std::int64_t>(), *currency).text();
}

/// "label value" for what is there, joined by commas.
std::string list_of(std::initializer_list<std::pair<const char*, std::string>> parts) {
    std::string list;
    for (const auto& [label, value] : parts) {
        if (value.empty()) continue;
        if (!list.empty()) list += ", ";
        list.append(label).append(value);
    }
    return list;
}

std::string subscription_line(const Json& data) {
    return list_of({{"plan ", text_of(data, "plan")},
                    {"status ", text_of(data, "status")},
                    {"customer ", text_of(data, "customer")},
                    {"", text_of(data, "id")}});
}

std::string invoice_line(const Json& data, const char* amount) {
    return list_of({{"", money_of(data, amount)},
                    {"invoice ", text_of(data, "number")},
                    {"next try ", text_of(data, "next_attempt_at")},
                    {"customer ", text_of(data, "customer")},
                    {"", text_of(data, "id")}});
}

std::string limit_line(const Json& data) {
    const char* of = text_of(data, "kind") == "spend" ? "% of the spend cap of " : "% of ";
    const std::string amounts = text_of(data, "used") + " of " + text_of(data, "limit");
    const std::string currency = upper_case(text_of(data, "currency"));
    return list_of({{"", text_of(data, "percent") + of + text_of(data, "meter_name") + " reached"},
                    {"", currency.empty() ? amounts : amounts + " " + currency},
                    {"customer ", text_of(data, "customer")}});
}

std::string finding_line(const Json& data) {
    static const Json kNone = Json::object();
    const Json* found = member(data, "facts");
    const Json& facts = found == nullptr ? kNone : *found;
    return list_of({{"", text_of(data, "kind")},
                    {"", text_of(data, "reason")},
                    {"about ", text_of(data, "about")},
                    {"first of all ", text_of(facts, "oldest")},
                    {"customer ", text_of(data, "customer")}});
}

constexpr auto kSentences = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"subscription.created", "Subscription created"},
    {"subscription.updated", "Subscription updated"},
    {"subscription.past_due", "Subscription past due"},
    {"subscription.paused", "Subscription paused"},
    {"subscription.resumed", "Subscription resumed"},
    {"subscription.unpaid", "Subscription unpaid"},
    {"subscription.canceled", "Subscription canceled"},
    {"checkout.started", "Checkout started"},
    {"invoice.paid", "Payment succeeded"},
    {"invoice.payment_failed", "Payment failed"},
    {"refund.created", "Refund"},
    {"webhook.signature_failed", "Webhook signature failures"},
    {"usage.threshold_reached", "Usage"},
    {"webhook_endpoint.disabled", "Webhook endpoint disabled"},
    {"finding.opened", "Somebody should look at this"},
    {"webhook_endpoint.test", "A test of this destination"},
});

std::string line_of(std::string_view type, const Json& data) {
    if (type.starts_with("subscription.") || type.starts_with("checkout."))
        return subscription_line(data);
    if (type == "invoice.paid") return invoice_line(data, "amount_paid");
    if (type == "invoice.payment_failed") return invoice_line(data, "amount_due");
    if (type == "refund.created") return invoice_line(data, "amount");
    if (type == "usage.threshold_reached") return limit_line(data);
    if (type.starts_with("finding.")) return finding_line(data);
    if (type == "webhook.signature_failed")
        return list_of({{"provider ", text_of(data, "provider")}, {"", text_of(data, "count")}});
    return list_of({{"", text_of(data, "url")},
                    {"", text_of(data, "target")},
                    {"", text_of(data, "disabled_reason")}});
}

}  // namespace

std::string alert_text(std::string_view event_type, const Json& data) {
    std::string text(event_type);
    for (const auto& [type, sentence] : kSentences)
        if (type == event_type) text = sentence;
    const std::string line = line_of(event_type, data);
    return line.empty() ? text : text.append(": ").append(line);
}

}  // namespace turnpike
