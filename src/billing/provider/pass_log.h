#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "billing/provider/context.h"
#include "billing/provider/failure_log.h"

namespace turnpike {

/// What the log hears of the worker's passes with one provider. Not thread-safe.
class PassLog {
public:
    /// \param failures  of the passes before it; outlives this, as `billing` does
    PassLog(const BillingContext& billing, FailureLog& failures)
        : provider_(billing.provider.name()), clock_(billing.clock), failures_(failures) {}

    /// One object of a step could not be finished: "event=billing.close_failed object=...", as
    /// often as FailureLog tells it. \param what  "close"
    void tell(std::string_view what, const std::string& object, const Error& error);
    /// "event=billing.close_recovered" where tell() was called before.
    void tell_success(std::string_view what, const std::string& object);

    /// What a step throws is logged, and the steps after it have their turn all the same.
    /// \return what `work` does; 0 when it threw
    asio::awaitable<std::int64_t> guarded(std::string_view step,
                                          asio::awaitable<std::int64_t> work);

private:
    void tell_broken(std::string_view step, std::string_view message);

    std::string_view provider_;
    const Clock& clock_;
    FailureLog& failures_;
};

}  // namespace turnpike
