#include "sandbox/inspector/about.h"

#include <cstddef>
#include <initializer_list>
#include <string_view>

#include "json/value.h"
#include "sandbox/characters.h"
#include "sandbox/documents.h"
#include "sandbox/inspector/visit.h"

namespace turnpike::twin {
namespace {

constexpr std::size_t kCharactersMax = 40;

/// At its front, so that a table keeps its shape.
std::string shortened(const std::string& text) {
    if (characters_in(text) <= kCharactersMax) return text;
    std::size_t end = 0;
    for (std::size_t seen = 0; end < text.size(); ++end)
        if ((text[end] & '\xC0') != '\x80' && seen++ == kCharactersMax) break;
    return text.substr(0, end) + "…";
}

std::string first_text(const Json& document, std::initializer_list<const char*> names) {
    for (const char* name : names) {
        const auto member = document.find(name);
        if (member != document.end() && member->is_string() &&
            !member->get_ref<const std::string&>().empty())
            return *member;
    }
    return "";
}

std::string amount_of(const Json& document) {
    const std::string currency = first_text(document, {"currency"});
    if (currency.empty()) return "";
    for (const char* name : {"amount", "amount_total", "total", "unit_amount", "amount_off"}) {
        const auto member = document.find(name);
        if (member != document.end() && member->is_number_integer())
            return format_amount(*member, currency);
    }
    return "";
}

}  // namespace

std::string about_of(const Json& document) {
    if (!document.is_object()) return "";
    std::string about;
    const auto add = [&about](const std::string& part) {
        if (!part.empty()) about += (about.empty() ? "" : ", ") + shortened(part);
    };
    add(first_text(document, {"name", "nickname", "number", "code", "description"}));
    add(first_text(document, {"email", "customer_email", "url"}));
    add(amount_of(document));
    // What Razorpay's plans bill, and the card of a payment method.
    if (const Json& item = part_of(document, "item");
        about.empty() && item.is_object() && !item.empty())
        return about_of(item);
    if (const Json& card = part_of(document, "card"); about.empty() && card.is_object())
        if (const auto digits = first_text(card, {"last4"}); !digits.empty())
            add(first_text(card, {"brand", "network"}) + " " + digits);
    return about;
}

std::string begun_text(const Json& document) {
    if (!document.is_object()) return "";
    for (const char* name : {"created", "created_at", "date", "start"})
        if (const auto moment = instant_of(document, name); moment && *moment != Instant{})
            return moment_text(*moment);
    return "";
}

}  // namespace turnpike::twin
