#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "http/router.h"
#include "sandbox/provider_twin.h"

namespace turnpike::twin {

/// What a twin is beside its provider's words: a database of its own, the address that people reach
/// it by, whoever waits for its changes, and an answer where something broke.
class TwinBase : public ProviderTwin {
public:
    TwinBase(const TwinBase&) = delete;
    TwinBase& operator=(const TwinBase&) = delete;

    asio::awaitable<http::Response> handle(http::Request& request) final;
    void set_base_url(std::string base_url) final;
    void on_change(std::function<void()> notify) final;
    [[nodiscard]] sql::Database& database() final { return *database_; }
    [[nodiscard]] const Clock& clock() const final { return clock_; }

protected:
    /// \param clock  outlives it
    TwinBase(std::unique_ptr<sql::Database> database, const Clock& clock);

    /// After every committed change; any thread.
    void announce_change();
    [[nodiscard]] std::string base_url() const;

private:
    virtual asio::awaitable<http::Response> answer(http::Request& request) = 0;
    /// 500; nothing was changed.
    virtual http::Response server_error(const http::Request& request) = 0;

    const std::unique_ptr<sql::Database> database_;
    const Clock& clock_;
    mutable std::mutex mutex_;
    std::function<void()> notify_;               // guarded by mutex_
    std::string base_url_ = "http://127.0.0.1";  // guarded by mutex_
};

/// For a table of routes with a method's text and a pattern each.
template <class Route>
http::Router router_of(const std::vector<Route>& routes) {
    std::vector<http::Router::Entry> entries;
    entries.reserve(routes.size());
    for (const auto& route : routes)
        entries.push_back({*http::parse_method(route.method), route.pattern});
    return http::Router(entries);
}

}  // namespace turnpike::twin
