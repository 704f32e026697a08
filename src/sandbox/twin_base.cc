#include "sandbox/twin_base.h"

#include <utility>

#include <spdlog/spdlog.h>

namespace turnpike::twin {

TwinBase::TwinBase(std::unique_ptr<sql::Database> database, const Clock& clock)
    : database_(std::move(database)), clock_(clock) {}

asio::awaitable<http::Response> TwinBase::handle(http::Request& request) {
    try {
        auto answering = answer(request);
        co_return co_await std::move(answering);
    } catch (const std::exception& broken) {
        spdlog::error("event=sandbox.request_failed request={} what=\"{}\"", request.request_id,
                      broken.what());
        co_return server_error(request);
    }
}

void TwinBase::set_base_url(std::string base_url) {
    const std::scoped_lock lock(mutex_);
    base_url_ = std::move(base_url);
}

void TwinBase::on_change(std::function<void()> notify) {
    const std::scoped_lock lock(mutex_);
    notify_ = std::move(notify);
}

void TwinBase::announce_change() {
    const std::scoped_lock lock(mutex_);
    if (notify_) notify_();
}

std::string TwinBase::base_url() const {
    const std::scoped_lock lock(mutex_);
    return base_url_;
}

}  // namespace turnpike::twin
