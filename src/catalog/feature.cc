#include "catalog/feature.h"

#include "base/check.h"
#include "base/decimal.h"

namespace turnpike {
namespace {

constexpr std::string_view kUnlimited = "unlimited";
constexpr std::size_t kTextMax = 255;

}  // namespace

std::string_view to_text(FeatureKind kind) {
    switch (kind) {
        case FeatureKind::Boolean: return "boolean";
        case FeatureKind::Configuration: return "configuration";
        case FeatureKind::Capacity: return "capacity";
        case FeatureKind::Metered: return "metered";
    }
    check(false, "every kind has a text");
    return {};
}

std::optional<FeatureKind> parse_feature_kind(std::string_view text) {
    using enum FeatureKind;
    for (const auto kind : {Boolean, Configuration, Capacity, Metered})
        if (text == to_text(kind)) return kind;
    return std::nullopt;
}

std::string_view to_text(Origin origin) {
    switch (origin) {
        case Origin::File: return "file";
        case Origin::Api: return "api";
    }
    check(false, "every origin has a text");
    return {};
}

std::optional<Origin> parse_origin(std::string_view text) {
    for (const auto origin : {Origin::File, Origin::Api})
        if (text == to_text(origin)) return origin;
    return std::nullopt;
}

FeatureValue absent_value(FeatureKind kind) {
    switch (kind) {
        case FeatureKind::Boolean: return false;
        case FeatureKind::Configuration: return std::string();
        case FeatureKind::Capacity: return Capacity{0};
        case FeatureKind::Metered: break;
    }
    check(false, "a meter has allowances, not a value");
    return false;
}

std::string to_text(const FeatureValue& value) {
    if (const auto* on = std::get_if<bool>(&value)) return *on ? "true" : "false";
    if (const auto* capacity = std::get_if<Capacity>(&value))
        return capacity->limit ? std::to_string(*capacity->limit) : std::string(kUnlimited);
    return std::get<std::string>(value);
}

std::optional<FeatureValue> parse_feature_value(FeatureKind kind, std::string_view text) {
    switch (kind) {
        case FeatureKind::Boolean:
            if (text == "true") return true;
            if (text == "false") return false;
            return std::nullopt;
        case FeatureKind::Configuration:
            if (text.size() > kTextMax) return std::nullopt;
            return std::string(text);
        case FeatureKind::Capacity: {
            if (text == kUnlimited) return Capacity{};
            const auto limit = parse_scaled(text, 0);
            if (!limit || *limit < 0 || *limit > kCapacityMax) return std::nullopt;
            return Capacity{limit};
        }
        case FeatureKind::Metered: break;
    }
    check(false, "a meter has allowances, not a value");
    return std::nullopt;
}

bool is_on(const FeatureValue& value) {
    if (const auto* on = std::get_if<bool>(&value)) return *on;
    if (const auto* capacity = std::get_if<Capacity>(&value))
        return !capacity->limit || *capacity->limit > 0;
    return !std::get<std::string>(value).empty();
}

bool gives_more(const FeatureValue& one, const FeatureValue& other) {
    const auto* many = std::get_if<Capacity>(&one);
    const auto* fewer = std::get_if<Capacity>(&other);
    if (many == nullptr || fewer == nullptr) return is_on(one) && !is_on(other);
    if (!many->limit || !fewer->limit) return !many->limit && fewer->limit.has_value();
    return *many->limit > *fewer->limit;
}

}  // namespace turnpike
