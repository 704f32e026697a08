#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/id.h"
#include "sandbox/twin_base.h"

namespace turnpike::twin::razorpay {

/// How long an endpoint has to answer a webhook.
inline constexpr std::chrono::milliseconds kDeliveryTimeout{5'000};

/// A stateful, offline Razorpay in test mode behind one function. One call is one transaction of
/// its own database; an error rolls back what the handler did. Thread-safe.
class Twin final : public TwinBase {
public:
    /// Opens and migrates DIR/razorpay.db; the folder must exist. `clock` and `ids` outlive it.
    /// Errors: as sql::Database::open and sql::migrate.
    static Result<std::unique_ptr<Twin>> open(const std::filesystem::path& data_dir,
                                              const Clock& clock, IdSource& ids);
    ~Twin() override;

    http::Response refused(const http::Request& request, int status) override;
    http::Response excuse(const http::Request& request, int status) override;
    void keep_answer(sql::Transaction& tx, const http::Request& request,
                     const http::Response& given, const http::Response& answer) override;
    [[nodiscard]] bool has_versions() const override { return false; }
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
    Twin(const Clock& clock, IdSource& ids, std::unique_ptr<sql::Database> database);
    asio::awaitable<http::Response> answer(http::Request& request) override;
    http::Response server_error(const http::Request& request) override;
    std::unique_ptr<State> state_;
};

}  // namespace turnpike::twin::razorpay
