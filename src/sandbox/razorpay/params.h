#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "json/value.h"
#include "sandbox/razorpay/refusal.h"

namespace turnpike::twin::razorpay {

/// Reads the members of a request's body or query, checks types with Razorpay's messages, and
/// refuses what nobody asked for. The first complaint wins. As at Razorpay, digits in a text are an
/// integer, and 0, 1, "0", "1" are booleans, too. null is absent. Points into the tree, which must
/// outlive it.
class Params {
public:
    /// Amounts, in the currency's smallest unit.
    static constexpr std::int64_t kAmountMax = 10'000'000'000;

    /// `prefix` names this part in errors: "item.".
    explicit Params(const Json& tree, std::string prefix = "");

    std::optional<std::string> text(std::string_view name, std::size_t characters_max = 2'048);
    std::string required_text(std::string_view name, std::size_t characters_max = 2'048);
    std::optional<std::int64_t> integer(std::string_view name, std::int64_t least,
                                        std::int64_t most);
    std::int64_t required_integer(std::string_view name, std::int64_t least, std::int64_t most);
    std::optional<bool> flag(std::string_view name);
    /// Unix seconds between 1970 and 2286.
    std::optional<Instant> timestamp(std::string_view name);
    std::optional<std::string> one_of(std::string_view name,
                                      std::initializer_list<std::string_view> allowed);
    /// 1.00 in the smallest unit of a currency.
    static std::int64_t least_amount(const std::string& currency);
    /// The least amount is 1.00 ("The amount must be at least INR 1.00").
    std::int64_t required_amount(std::string_view name, const std::string& currency);
    /// Three letters, in upper case; INR is one of those that the catalog knows.
    std::string required_currency(std::string_view name);
    /// Up to 15 pairs of up to 256 characters; numbers and booleans become text. nullopt when
    /// absent; an empty one is [].
    std::optional<Json> notes();
    /// A nested object; nullopt when absent. Complains when it is something else.
    std::optional<Params> object(std::string_view name);
    /// The elements of an array of objects.
    std::vector<Params> objects(std::string_view name);
    /// Any JSON, unchecked; nullptr when absent.
    const Json* take(std::string_view name);
    [[nodiscard]] bool has(std::string_view name) const;

    /// Names of what Razorpay takes here and this sandbox does not: complains when one is sent.
    /// false means the same as nothing.
    void lacks(std::initializer_list<std::string_view> names);

    /// Takes a nested reader's complaint (its unknown parameters too), unless there is one already.
    void absorb(Params& nested);
    void complain(const Refusal& refusal);
    /// About one of these parameters, by its whole path: "addons.0.item.currency".
    void complain_at(std::string_view name, const std::string& description);
    /// "The addons.0.item field is required."
    void complain_of_absent(std::string_view name);
    /// The first complaint, or "x, y is/are not required and should not be sent" for parameters
    /// that were never asked for. Call after all getters, before any effect.
    std::optional<RazorpayError> complaint();

private:
    void complain_about(std::string_view name, std::string_view what);

    const Json* tree_;
    std::string prefix_;
    std::vector<std::string> known_;
    std::optional<RazorpayError> complaint_;
};

}  // namespace turnpike::twin::razorpay
