#include "catalog/feature_list.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/letter_case.h"
#include "catalog/plan_service.h"
#include "catalog/service.h"
#include "crypto/crypto.h"

namespace turnpike {
namespace {

constexpr std::size_t kWordsMax = 48;  ///< of a key that has a tail
constexpr std::size_t kTailLength = 12;

constexpr std::string_view kKeyTaken = R"sql(
    SELECT 1 FROM features WHERE catalog = $1 AND key = $2
    UNION ALL
    SELECT 1 FROM meters WHERE catalog = $1 AND key = $2
)sql";

constexpr std::string_view kSetPosition = R"sql(
    UPDATE plan_features SET position = $3 WHERE plan_version_id = $1 AND feature_key = $2
)sql";

constexpr std::string_view kListOf = R"sql(
    SELECT f.name
      FROM plan_features v
      JOIN plan_versions w ON w.id = v.plan_version_id
      JOIN plans p ON p.id = w.plan_id
      JOIN features f ON f.catalog = p.catalog AND f.key = v.feature_key
     WHERE v.plan_version_id = $1 AND f.kind = 'boolean' AND v.value = 'true'
     ORDER BY v.position, v.feature_key
)sql";

constexpr std::string_view kSoldLists = R"sql(
    SELECT v.plan_version_id, f.name
      FROM plan_features v
      JOIN plan_versions w ON w.id = v.plan_version_id
      JOIN plans p ON p.id = w.plan_id
      JOIN features f ON f.catalog = p.catalog AND f.key = v.feature_key
     WHERE p.catalog = $1 AND p.archived_at IS NULL AND f.kind = 'boolean' AND v.value = 'true'
       AND w.number = (SELECT MAX(x.number) FROM plan_versions x WHERE x.plan_id = p.id)
     ORDER BY v.plan_version_id, v.position, v.feature_key
)sql";

/// "Advanced analytics" gives "advanced_analytics".
std::string words_of(std::string_view name) {
    std::string words;
    for (const char c : lower_case(name)) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (plain)
            words += c;
        else if (!words.empty() && words.back() != '_')
            words += '_';
    }
    while (!words.empty() && words.back() == '_') words.pop_back();
    return words;
}

/// Names that differ in what a key cannot say are told apart by what they hash to.
std::string key_with_tail(std::string_view name) {
    std::string words = words_of(name).substr(0, kWordsMax);
    if (!words.empty() && words.back() != '_') words += '_';
    return words + to_hex(sha256(lower_case(name))).substr(0, kTailLength);
}

std::string new_key(sql::Transaction& tx, const std::string& catalog_key, const std::string& name) {
    std::string words = words_of(name);
    const bool is_ascii =
        std::ranges::all_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    const bool says_it = is_ascii && !words.empty() && words.size() <= kWordsMax;
    if (says_it && tx.all(kKeyTaken, {catalog_key, words}).empty()) return words;
    return key_with_tail(name);
}

const Feature* feature_named(const Catalog& catalog, const std::string& catalog_key,
                             const std::string& name) {
    const auto found = std::ranges::find_if(catalog.features, [&](const Feature& feature) {
        return feature.catalog == catalog_key && lower_case(feature.name) == lower_case(name);
    });
    return found == catalog.features.end() ? nullptr : &*found;
}

std::unexpected<Error> not_boolean(const std::string& name) {
    Error error{ErrorCode::InvalidArgument, "catalog.bad_plan",
                "'" + name + "' is a feature of another kind, which is not had or not had"};
    error.fields.push_back({"/features", "not_boolean", error.message});
    return std::unexpected(std::move(error));
}

}  // namespace

Result<std::vector<std::string>> ensure_features(sql::Transaction& tx,
                                                 const std::string& catalog_key,
                                                 const std::vector<std::string>& names,
                                                 const FeatureMaking& making) {
    std::vector<std::string> keys;
    if (names.empty()) return keys;
    const Catalog catalog = load_catalog(tx);
    std::map<std::string, std::string> made;  // by their names
    for (const std::string& name : names) {
        const Feature* known = feature_named(catalog, catalog_key, name);
        if (known != nullptr && known->kind != FeatureKind::Boolean) return not_boolean(name);
        std::string key = known != nullptr ? known->key : made[lower_case(name)];
        if (key.empty()) {
            const auto feature = create_feature(
                tx, {catalog_key, new_key(tx, catalog_key, name), name, FeatureKind::Boolean},
                making.authority, making.now, making.ids);
            if (!feature) return failure(feature);
            key = feature->key;
            made[lower_case(name)] = key;
        }
        if (std::ranges::find(keys, key) == keys.end()) keys.push_back(std::move(key));
    }
    return keys;
}

void order_features(sql::Transaction& tx, const PlanVersionId& version,
                    const std::vector<std::string>& keys) {
    std::int64_t position = 0;
    for (const std::string& key : keys) tx.run(kSetPosition, {version, key, ++position});
}

std::vector<std::string> feature_list(sql::Transaction& tx, const PlanVersionId& version) {
    std::vector<std::string> names;
    for (const auto& row : tx.all(kListOf, {version})) names.push_back(row.text(0));
    return names;
}

std::map<std::string, std::vector<std::string>> sold_feature_lists(sql::Transaction& tx,
                                                                   const std::string& catalog_key) {
    std::map<std::string, std::vector<std::string>> lists;
    for (const auto& row : tx.all(kSoldLists, {catalog_key}))
        lists[row.text(0)].push_back(row.text(1));
    return lists;
}

}  // namespace turnpike
