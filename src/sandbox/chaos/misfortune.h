#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What goes wrong, and when: pure. Same plan, same calls, same misfortune.
namespace turnpike::twin {

enum class Misfortune : std::uint8_t {
    Delay,
    Timeout,   ///< a call: no answer, nothing done; a webhook: its answer is not heard
    Truncate,  ///< half of the answer's body, or of the webhook's
    // of calls
    RateLimit,
    Error,
    ErrorAfterCommit,
    TimeoutAfterCommit,
    // of webhooks
    Drop,
    Duplicate,
    Reorder,
    Burst,
    OldSecret,
    WrongSignature,
    OldVersion,
};
/// "error_after_commit"
std::string_view name_of(Misfortune misfortune);
std::optional<Misfortune> parse_misfortune(std::string_view text);

enum class Traffic : bool { Calls, Webhooks };
bool happens_to(Misfortune misfortune, Traffic traffic);

/// One line of a plan: what it is about, how often it strikes, and what it does then.
struct ChaosRule {
    Traffic traffic = Traffic::Calls;
    std::string about = "*";     ///< "POST /v1/subscriptions", or a type of event; '*' is any text
    std::string endpoint = "*";  ///< webhooks: its id or URL; '*' is any text
    Misfortune misfortune = Misfortune::Error;
    /// Strikes the next so many times, or (0) at random, so often in a hundred.
    std::int64_t next = 1;
    std::int64_t percent = 0;
    /// Of a delay or time-out; the longest that a webhook is held back for others.
    std::chrono::milliseconds wait{1'000};
    std::int64_t count = 2;            ///< copies of a duplicate, webhooks of a burst
    std::vector<std::string> order{};  ///< of a Reorder: types; empty: after the next one
    std::string version{};             ///< of an OldVersion; "": the provider's choice

    friend bool operator==(const ChaosRule&, const ChaosRule&) = default;
};

struct ChaosPlan {
    std::uint64_t seed = 1;
    std::vector<ChaosRule> rules;

    friend bool operator==(const ChaosPlan&, const ChaosPlan&) = default;
};

/// `pattern` with '*' for any text, "" included.
bool matches_pattern(std::string_view pattern, std::string_view text);

/// Something that may go wrong, as the draw sees it.
struct Occasion {
    Traffic traffic = Traffic::Calls;
    std::string about{};                  ///< "POST /v1/customers/cus_123", "invoice.paid"
    std::vector<std::string> endpoint{};  ///< what the webhook's endpoint goes by: id, URL
    /// The same for every run: place_of_call(), or the endpoint's number and the event's type.
    std::string place{};
    std::int64_t nth = 1;  ///< of its place
};

bool is_about(const ChaosRule& rule, const Occasion& occasion);

/// The first rule from `from` on that strikes.
/// \param strikes  how often each rule has struck so far
std::optional<std::size_t> choose_rule(const ChaosPlan& plan, std::span<const std::int64_t> strikes,
                                       const Occasion& occasion, std::size_t from = 0);

/// "POST /v1/customers/cus_OxFf3CZSXtkH81/sources" -> "POST /v1/customers/{id}/sources": ids differ
/// from run to run. An id has a digit or a capital letter, and the version in front does not count.
std::string place_of_call(std::string_view method, std::string_view path);

}  // namespace turnpike::twin
