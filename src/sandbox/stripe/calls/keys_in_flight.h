#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "http/message.h"
#include "sandbox/provider_twin.h"
#include "sandbox/stripe/wire/stripe_error.h"

namespace turnpike::twin {

/// The idempotency keys of the requests that are being answered, each of one API key. In memory
/// only, so a crash leaves none behind. Thread-safe; outlives every hold.
class KeysInFlight {
public:
    KeysInFlight() = default;
    KeysInFlight(const KeysInFlight&) = delete;
    KeysInFlight& operator=(const KeysInFlight&) = delete;

    /// Holds the request's key until the result is destroyed; null when it has none, which goes
    /// for all but POSTs with an API key. A request may hold its key several times: it is
    /// known by its address, which is its own while it is being answered.
    /// Errors: 409 idempotency_key_in_use while another request holds the key.
    Outcome<std::unique_ptr<CallHold>> hold(const http::Request& request);

private:
    class Hold;
    using ApiAndIdempotencyKey = std::pair<std::string, std::string>;
    struct Holder {
        const http::Request* request = nullptr;
        int holds = 0;
    };
    void release(const ApiAndIdempotencyKey& key);

    std::mutex mutex_;
    std::map<ApiAndIdempotencyKey, Holder> holders_;  // guarded by mutex_
};

}  // namespace turnpike::twin
