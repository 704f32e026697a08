#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "base/error.h"
#include "base/id.h"
#include "base/time.h"
#include "http/message.h"
#include "sandbox/stripe/context.h"
#include "sql/database.h"

namespace turnpike::twin {

namespace asio = boost::asio;

struct TwinConfig {
    std::filesystem::path data_dir;  ///< holds sandbox.db; must exist
    Surroundings surroundings{};
};

/// A stateful, offline Stripe behind one function. One POST is one transaction of the sandbox's own
/// database; an error rolls back what the handler did (unless it asked otherwise), and the answer
/// to an idempotent request is stored with its effect. Thread-safe.
class Twin {
public:
    /// Opens and migrates DIR/sandbox.db. `clock` and `ids` outlive the twin.
    /// Errors: as sql::Database::open and sql::migrate.
    static Result<std::unique_ptr<Twin>> open(TwinConfig config, const Clock& clock, IdSource& ids);
    ~Twin();
    Twin(const Twin&) = delete;
    Twin& operator=(const Twin&) = delete;

    /// Never throws: a broken database answers 500 api_error.
    asio::awaitable<http::Response> handle(http::Request& request);

    /// Where people reach it, for links made without a request ("http://127.0.0.1:12111").
    /// Thread-safe.
    void set_base_url(std::string base_url);

    /// Called after every committed change, on any thread; the worker looks for due work then.
    void on_change(std::function<void()> notify);

    /// Moves every advancing test clock to its target and runs the billing engine for what is due
    /// on the real clock.
    asio::awaitable<void> run_due_work();

    [[nodiscard]] sql::Database& database();
    [[nodiscard]] const Clock& clock() const;

private:
    struct State;
    explicit Twin(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace turnpike::twin
