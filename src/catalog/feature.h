#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace turnpike {

/// Who states a plan or a feature. Applying a file leaves alone what was made over the API.
enum class Origin : std::uint8_t { File, Api };
std::string_view to_text(Origin origin);  ///< "file"
std::optional<Origin> parse_origin(std::string_view text);

/// How a plan's value of a feature is read.
enum class FeatureKind : std::uint8_t {
    Boolean,        ///< on or off
    Configuration,  ///< a text that the host reads
    Capacity,       ///< how many of something there may be at the same time
    Metered,        ///< a meter; its values are the plan's allowances
};
std::string_view to_text(FeatureKind kind);  ///< "boolean"
std::optional<FeatureKind> parse_feature_kind(std::string_view text);

/// So many of something; absent: without end. Never negative.
struct Capacity {
    std::optional<std::int64_t> limit;
    friend bool operator==(const Capacity&, const Capacity&) = default;
};
inline constexpr std::int64_t kCapacityMax = 1'000'000'000;

/// Of a feature that is no meter: boolean, configuration or capacity.
using FeatureValue = std::variant<bool, std::string, Capacity>;
/// What a customer has of a feature that his plan does not name: false, "" or a capacity of 0.
FeatureValue absent_value(FeatureKind kind);
/// "true", the text, "10" or "unlimited": as it is stored, and as a person reads it.
std::string to_text(const FeatureValue& value);
/// Of what to_text() wrote. nullopt: it is none of this kind, which is not Metered.
std::optional<FeatureValue> parse_feature_value(FeatureKind kind, std::string_view text);
/// Whether a customer who has this may use the feature at all.
bool is_on(const FeatureValue& value);
/// Whether `one` gives more than `other`, of the same kind. Texts are in no order: another text is
/// not more.
bool gives_more(const FeatureValue& one, const FeatureValue& other);

/// What can be had or not. `kind` never changes: what plans say of it is read by it.
struct Feature {
    std::string catalog;  ///< key
    std::string key;      ///< "csv_export"; unique in the catalog, among its meters too
    std::string name;
    FeatureKind kind = FeatureKind::Boolean;
    Origin origin = Origin::File;
    friend bool operator==(const Feature&, const Feature&) = default;
};

/// What a plan version says of one feature.
struct PlanFeature {
    std::string key;
    FeatureValue value;
    friend bool operator==(const PlanFeature&, const PlanFeature&) = default;
};

}  // namespace turnpike
