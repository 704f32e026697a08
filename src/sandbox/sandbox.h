#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/id.h"
#include "base/time.h"
#include "http/message.h"
#include "sandbox/chaos/misfortune.h"
#include "sandbox/worker.h"

namespace turnpike {

struct SandboxConfig {
    std::filesystem::path data_dir;  ///< made when missing; holds sandbox.db and razorpay.db
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;  ///< 0 picks a free one
    std::size_t threads = 1;
    twin::WorkerConfig worker{};
    /// When Stripe tries a webhook again: see twin::TwinConfig. Empty: never.
    std::vector<std::chrono::milliseconds> retry_after{std::chrono::seconds(20),
                                                       std::chrono::hours(2)};
    /// Customers on one test clock; Stripe allows three.
    std::int64_t customers_per_clock_max = 3;
    /// Whether Stripe's twin answers 429 to those who ask too often.
    bool rate_limits = false;

    struct Address {
        std::string host = "127.0.0.1";
        std::uint16_t port = 0;
    };
    /// Misfortune of both twins: see twin::TwinServerConfig.
    std::optional<twin::ChaosPlan> chaos{};
    /// Where Razorpay's twin listens; nullopt: it does not run.
    std::optional<Address> razorpay{};
};

/// The offline twins of Stripe and Razorpay as servers: `turnpike sandbox`, and inside
/// `turnpike up`. Their threads are their own: HTTP, one for webhooks and billing, the database's.
class Sandbox {
public:
    /// Opens the data, listens, and starts delivering. `clock` and `ids` outlive the sandbox.
    /// Errors: as sql::Database::open, sql::migrate and http::Server::start;
    ///         Unavailable "sandbox.no_data_dir".
    static Result<std::unique_ptr<Sandbox>> start(const SandboxConfig& config, const Clock& clock,
                                                  IdSource& ids);
    /// stop().
    ~Sandbox();
    Sandbox(const Sandbox&) = delete;
    Sandbox& operator=(const Sandbox&) = delete;

    [[nodiscard]] std::uint16_t port() const;
    /// Stripe's: "http://127.0.0.1:12111"
    [[nodiscard]] std::string url() const;
    /// Razorpay's; "" when it does not run.
    [[nodiscard]] std::string razorpay_url() const;
    /// What Stripe's twin answers, without a network. Blocks; never from a thread of the sandbox.
    [[nodiscard]] http::Response answer(http::Request request);
    /// Answers what is in flight, ends deliveries (they are sent again after the next start), and
    /// closes the data. Blocks; idempotent.
    void stop();

private:
    struct State;
    explicit Sandbox(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace turnpike
