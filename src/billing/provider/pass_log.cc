#include "billing/provider/pass_log.h"

#include <utility>

#include <spdlog/spdlog.h>

namespace turnpike {
namespace {

std::string key_of(std::string_view what, std::string_view object) {
    return std::string(what) + " " + std::string(object);
}

}  // namespace

void PassLog::tell(std::string_view what, const std::string& object, const Error& error) {
    const auto count = failures_.failed(key_of(what, object), error.reason.text(), clock_.now());
    if (!count) return;
    spdlog::warn("event=billing.{}_failed object={} reason={} failures={} message=\"{}\"", what,
                 object, error.reason.text(), *count, error.message);
}

void PassLog::tell_success(std::string_view what, const std::string& object) {
    const auto count = failures_.worked(key_of(what, object));
    if (count == 0) return;
    spdlog::info("event=billing.{}_recovered object={} failures={}", what, object, count);
}

asio::awaitable<std::int64_t> PassLog::guarded(std::string_view step,
                                               asio::awaitable<std::int64_t> work) {
    std::int64_t done = 0;
    try {
        done = co_await std::move(work);
    } catch (const std::exception& error) {
        tell_broken(step, error.what());
        co_return 0;
    }
    const auto count = failures_.worked(key_of("pass", step));
    if (count > 0)
        spdlog::info("event=billing.pass_recovered provider={} step={} failures={}", provider_,
                     step, count);
    co_return done;
}

void PassLog::tell_broken(std::string_view step, std::string_view message) {
    // One reason for whatever is thrown: a message may differ each time.
    const auto count = failures_.failed(key_of("pass", step), "thrown", clock_.now());
    if (count)
        spdlog::error("event=billing.pass_failed provider={} step={} failures={} message=\"{}\"",
                      provider_, step, *count, message);
}

}  // namespace turnpike
