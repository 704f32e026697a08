#include "entitlements/consume_scan.h"

#include <algorithm>
#include <list>
#include <string>

#include "json/scanner.h"
#include "metering/usage_event.h"

namespace turnpike {
namespace {

constexpr std::size_t kTextBytesMax = 255;

/// A text that no rule for texts refuses.
bool is_plain(std::string_view text) {
    return !text.empty() && text.size() <= kTextBytesMax &&
           std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

bool is_whole_number(std::string_view digits) {
    return std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
}

/// Every function returns false for what is not usual.
class ConsumeScan {
public:
    explicit ConsumeScan(std::string_view body) { scanner_.begin(body); }

    std::optional<ConsumeBody> read() {
        const bool is_read = scanner_.object([this](std::string_view name) {
            return member(name);
        }) && scanner_.at_end();
        if (!is_read || meter_.has_value() == feature_.has_value()) return std::nullopt;
        if (body_.source && (!body_.id || is_reserved_source(*body_.source))) return std::nullopt;
        if (feature_) body_.named = Named::Feature;
        body_.meter_key = *std::move(meter_ ? meter_ : feature_);
        return std::move(body_);
    }

private:
    bool member(std::string_view name) {
        if (name == "customer") return text(body_.customer);
        if (name == "meter") return text(meter_);
        if (name == "feature") return text(feature_);
        if (name == "quantity") return quantity();
        if (name == "source") return text(body_.source);
        if (name == "id") return text(body_.id);
        return name == "latency_ms" && latency();
    }

    bool text(std::optional<std::string>& into) {
        std::string_view found;
        if (scanner_.kind() != JsonScanner::Kind::Text || !scanner_.text(found)) return false;
        into.emplace(found);
        return is_plain(found);
    }

    bool whole_number(std::string_view& digits) {
        return scanner_.kind() == JsonScanner::Kind::Number && scanner_.number(digits) &&
               is_whole_number(digits);
    }

    /// A decimal as text, or a whole number.
    std::optional<Quantity> decimal() {
        std::string_view digits;
        const bool is_text = scanner_.kind() == JsonScanner::Kind::Text;
        if (!(is_text ? scanner_.text(digits) : whole_number(digits))) return std::nullopt;
        return Quantity::parse(digits);
    }

    bool quantity() {
        const auto units = decimal();
        if (!units || *units < Quantity{} || *units > kMaxQuantity) return false;
        body_.quantity = *units;
        return true;
    }

    bool latency() {
        const auto ms = decimal();
        if (ms) body_.latency_us = latency_us_of(*ms);
        return body_.latency_us.has_value();
    }

    std::list<std::string> decoded_;
    JsonScanner scanner_{decoded_};
    ConsumeBody body_;
    std::optional<std::string> meter_, feature_;
};

}  // namespace

std::optional<ConsumeBody> scan_consume(std::string_view body) { return ConsumeScan(body).read(); }

}  // namespace turnpike
