#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "base/error.h"
#include "json/json.h"
#include "sandbox/chaos/misfortune.h"
#include "sandbox/provider_twin.h"

namespace turnpike::twin {

/// Ordered misfortune, between a twin and those who call it and hear from it. What is planned and
/// what has happened is kept in the twin's database. A call is one whose path begins with "/v" and
/// a digit: pages and controls have no misfortune. Thread-safe.
class Chaos {
public:
    /// Suspends the caller without holding a thread.
    using Wait = std::function<asio::awaitable<void>(std::chrono::milliseconds)>;

    /// Loads what was planned before. `twin` outlives it. Blocks.
    explicit Chaos(ProviderTwin& twin);
    Chaos(ProviderTwin& twin, Wait wait);
    Chaos(const Chaos&) = delete;
    Chaos& operator=(const Chaos&) = delete;

    /// Answers /_sandbox/chaos itself, and everything else as the twin does unless a rule strikes.
    asio::awaitable<http::Response> handle(http::Request& request);

    /// What is planned, as far as it is known here: enough to see that nothing is. What decides is
    /// the stored plan, in the transaction that writes the decision. Null: nothing.
    [[nodiscard]] std::shared_ptr<const ChaosPlan> plan() const;

    /// Whether this can happen at the provider: one without versions has no older one.
    [[nodiscard]] bool knows(Misfortune misfortune) const;

    /// Replaces the plan, but for rules that the provider does not know, and forgets what has
    /// happened.
    asio::awaitable<void> set(ChaosPlan wanted);
    /// One rule more; the others keep their counts.
    /// Errors: LimitExceeded "chaos.too_many_rules"; InvalidArgument "chaos.no_versions"
    asio::awaitable<Result<std::monostate>> add(ChaosRule rule);
    /// Takes the rule at `place` out, if it is the one that was `seen` there; the others keep their
    /// counts, and later ones move up. \return whether it was
    asio::awaitable<bool> remove(std::size_t place, ChaosRule seen);
    asio::awaitable<void> clear();
    /// {"seed", "rules": [{..., "strikes"}], "happened": [{"at", "rule", "do", "about"}]}; up to
    /// the last 100 of what has happened, newest last. "rule" is null once that rule has been
    /// removed.
    asio::awaitable<Json> overview();

    /// For the command line, before anything is served: set(), but the plan that is there already
    /// goes on.
    void set_at_start(const ChaosPlan& wanted);

private:
    asio::awaitable<http::Response> control(const http::Request& request);
    asio::awaitable<http::Response> change_plan(const http::Request& request);
    asio::awaitable<std::optional<ChaosRule>> strike(const http::Request& request);
    asio::awaitable<http::Response> suffer(const ChaosRule& rule, http::Request& request);
    asio::awaitable<http::Response> forward(http::Request& request);
    asio::awaitable<http::Response> keep_error(const http::Request& request,
                                               const http::Response& given);

    [[nodiscard]] std::optional<Error> unknown_rule_in(const Json& body,
                                                       const ChaosPlan& plan) const;
    [[nodiscard]] ChaosPlan possible(ChaosPlan plan) const;

    /// Writers run one at a time, so the numbers are in the order of the commits; what follows a
    /// commit may run in any order.
    struct Change {
        std::uint64_t number = 0;
        std::optional<ChaosPlan> plan{};
    };
    void publish(Change change);

    ProviderTwin& twin_;
    const Wait wait_;
    std::atomic<std::uint64_t> changes_ = 0;
    mutable std::mutex mutex_;
    // Guarded by mutex_.
    std::uint64_t published_ = 0;  // the number of the change that plan_ is of
    std::shared_ptr<const ChaosPlan> plan_;
};

}  // namespace turnpike::twin
