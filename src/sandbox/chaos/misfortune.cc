#include "sandbox/chaos/misfortune.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace turnpike::twin {
namespace {

struct Named {
    Misfortune misfortune;
    std::string_view name;
    bool of_calls, of_webhooks;
};
constexpr auto kNames = std::to_array<Named>({
    {Misfortune::Delay, "delay", true, true},
    {Misfortune::Timeout, "timeout", true, true},
    {Misfortune::Truncate, "truncate", true, true},
    {Misfortune::RateLimit, "rate_limit", true, false},
    {Misfortune::Error, "error", true, false},
    {Misfortune::ErrorAfterCommit, "error_after_commit", true, false},
    {Misfortune::TimeoutAfterCommit, "timeout_after_commit", true, false},
    {Misfortune::Drop, "drop", false, true},
    {Misfortune::Duplicate, "duplicate", false, true},
    {Misfortune::Reorder, "reorder", false, true},
    {Misfortune::Burst, "burst", false, true},
    {Misfortune::OldSecret, "old_secret", false, true},
    {Misfortune::WrongSignature, "wrong_signature", false, true},
    {Misfortune::OldVersion, "old_version", false, true},
});

const Named& named(Misfortune misfortune) {
    const auto* const found = std::ranges::find(kNames, misfortune, &Named::misfortune);
    check(found != kNames.end(), "every misfortune has a name");
    return *found;
}

/// The finalizer of SplitMix64: every bit of the outcome depends on every bit of `x`.
std::uint64_t mixed(std::uint64_t x) {
    x ^= x >> 30U;
    x *= 0xBF58'476D'1CE4'E5B9U;
    x ^= x >> 27U;
    x *= 0x94D0'49BB'1331'11EBU;
    return x ^ (x >> 31U);
}

/// 0..99, by nothing but these.
std::int64_t draw(std::uint64_t seed, std::size_t rule, std::string_view place, std::int64_t nth) {
    std::uint64_t hash = mixed(seed + 0x9E37'79B9'7F4A'7C15U);
    for (const char c : place) hash = mixed(hash + static_cast<unsigned char>(c) + 1);
    hash = mixed(hash + rule + 1);
    hash = mixed(hash + static_cast<std::uint64_t>(nth));
    return static_cast<std::int64_t>(hash % 100);
}

bool is_id(std::string_view segment) {
    return std::ranges::any_of(
        segment, [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
}

}  // namespace

std::string_view name_of(Misfortune misfortune) { return named(misfortune).name; }

std::optional<Misfortune> parse_misfortune(std::string_view text) {
    const auto* const found = std::ranges::find(kNames, text, &Named::name);
    if (found == kNames.end()) return std::nullopt;
    return found->misfortune;
}

bool happens_to(Misfortune misfortune, Traffic traffic) {
    const auto& row = named(misfortune);
    return traffic == Traffic::Calls ? row.of_calls : row.of_webhooks;
}

bool matches_pattern(std::string_view pattern, std::string_view text) {
    const auto star = pattern.find('*');
    if (star == std::string_view::npos) return pattern == text;
    if (!text.starts_with(pattern.substr(0, star))) return false;
    pattern.remove_prefix(star + 1);
    text.remove_prefix(star);
    // What stands between two stars may lie where it is first found: the next star takes the rest.
    for (auto next = pattern.find('*'); next != std::string_view::npos; next = pattern.find('*')) {
        const auto at = text.find(pattern.substr(0, next));
        if (at == std::string_view::npos) return false;
        text.remove_prefix(at + next);
        pattern.remove_prefix(next + 1);
    }
    return text.ends_with(pattern);
}

bool is_about(const ChaosRule& rule, const Occasion& occasion) {
    const auto matches = [&](const std::string& name) {
        return matches_pattern(rule.endpoint, name);
    };
    return rule.traffic == occasion.traffic && matches_pattern(rule.about, occasion.about) &&
           (rule.traffic == Traffic::Calls || std::ranges::any_of(occasion.endpoint, matches));
}

std::optional<std::size_t> choose_rule(const ChaosPlan& plan, std::span<const std::int64_t> strikes,
                                       const Occasion& occasion, std::size_t from) {
    check(strikes.size() == plan.rules.size(), "every rule has a count");
    for (auto i = from; i < plan.rules.size(); ++i) {
        const auto& rule = plan.rules[i];
        if (!is_about(rule, occasion)) continue;
        const bool strikes_now =
            rule.next > 0 ? strikes[i] < rule.next
                          : draw(plan.seed, i, occasion.place, occasion.nth) < rule.percent;
        if (strikes_now) return i;
    }
    return std::nullopt;
}

std::string place_of_call(std::string_view method, std::string_view path) {
    std::string place(method);
    place += ' ';
    bool is_first = true;
    while (!path.empty()) {
        path.remove_prefix(1);  // the slash
        const auto segment = path.substr(0, path.find('/'));
        path.remove_prefix(segment.size());
        place += '/';
        place += !is_first && is_id(segment) ? "{id}" : segment;
        is_first = false;
    }
    return place;
}

}  // namespace turnpike::twin
