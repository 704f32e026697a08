#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/id.h"
#include "base/time.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/twin_base.h"

namespace turnpike::twin {

struct TwinConfig {
    std::filesystem::path data_dir;  ///< holds sandbox.db; must exist
    Surroundings surroundings{};
    /// When to try a webhook again, counted from the failed try; one entry per further try. As in
    /// Stripe's sandboxes: three tries over a few hours, the first repeat soon.
    std::vector<std::chrono::milliseconds> retry_after{std::chrono::seconds(20),
                                                       std::chrono::hours(2)};
    enum class RateLimits : bool { Off, On } rate_limits = RateLimits::Off;
};

/// A stateful, offline Stripe behind one function. One POST is one transaction of the sandbox's own
/// database; an error rolls back what the handler did (unless it asked otherwise), and the answer
/// to an idempotent request is stored with its effect. Thread-safe.
class Twin final : public TwinBase {
public:
    /// Opens and migrates DIR/sandbox.db. `clock` and `ids` outlive the twin.
    /// Errors: as sql::Database::open and sql::migrate.
    static Result<std::unique_ptr<Twin>> open(TwinConfig config, const Clock& clock, IdSource& ids);
    ~Twin() override;

    [[nodiscard]] std::unique_ptr<CallHold> hold(const http::Request& request) override;
    http::Response refused(const http::Request& request, int status) override;
    http::Response excuse(const http::Request& request, int status) override;
    void keep_answer(sql::Transaction& tx, const http::Request& request,
                     const http::Response& given, const http::Response& answer) override;
    /// Moves every advancing test clock to its target and runs the billing engine for what is due
    /// on the real clock.
    [[nodiscard]] bool has_versions() const override { return true; }
    asio::awaitable<void> run_due_work() override;
    std::optional<http::Call> call_of(sql::Transaction& tx, const Delivery& delivery, Instant now,
                                      const WebhookStyle& style) override;
    std::string event_type(const Delivery& delivery) override;
    std::optional<Instant> retry_at(sql::Transaction& tx, const Delivery& delivery,
                                    const Attempt& attempt) override;
    std::int64_t resend(sql::Transaction& tx, const EventAddress& event, Instant now) override;
    bool prune(sql::Transaction& tx, Instant now, PruneWalk& walk) override;
    [[nodiscard]] Inspected& inspected() override;

private:
    struct State;
    Twin(TwinConfig config, const Clock& clock, IdSource& ids,
         std::unique_ptr<sql::Database> database);
    asio::awaitable<http::Response> answer(http::Request& request) override;
    http::Response server_error(const http::Request& request) override;
    std::unique_ptr<State> state_;
};

}  // namespace turnpike::twin
