#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/inspector/inspected.h"
#include "sandbox/stripe/core/context.h"

namespace turnpike::twin {

/// Stripe's half of the inspector.
class Inspection final : public Inspected {
public:
    using Contexts =
        std::function<Context(sql::Transaction& tx, const std::string& account, Instant now)>;
    explicit Inspection(Contexts contexts) : context_of_(std::move(contexts)) {}

    [[nodiscard]] std::string provider() const override { return "Stripe"; }
    [[nodiscard]] std::string introduction(const std::string& host) const override;
    std::vector<InspectedAccount> accounts(sql::Transaction& tx) override;
    std::vector<InspectedEvent> events(sql::Transaction& tx, std::string_view account,
                                       std::optional<std::int64_t> before,
                                       std::int64_t limit) override;
    std::optional<std::string> event_body(sql::Transaction& tx, std::string_view account,
                                          std::string_view id) override;
    std::vector<InspectedClock> clocks(sql::Transaction& tx, const std::string& account,
                                       Instant now) override;
    std::string advance_clock(sql::Transaction& tx, const std::string& account,
                              const std::string& clock, Instant to, Instant now) override;

private:
    Contexts context_of_;
};

}  // namespace turnpike::twin
