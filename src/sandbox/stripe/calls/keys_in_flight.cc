#include "sandbox/stripe/calls/keys_in_flight.h"

#include "sandbox/stripe/calls/auth.h"
#include "sandbox/stripe/calls/idempotency.h"

namespace turnpike::twin {
namespace {

Refusal in_use(const std::string& key) {
    StripeError error;
    error.http_status = 409;
    error.code = "idempotency_key_in_use";
    error.message =
        "There is currently another in-progress request using this Idempotent Key (that probably "
        "means you submitted twice, and the other request is still going through): " +
        key + ". Please try again later.";
    return Refusal(error);
}

}  // namespace

class KeysInFlight::Hold final : public CallHold {
public:
    Hold(KeysInFlight& keys, ApiAndIdempotencyKey key) : keys_(keys), key_(std::move(key)) {}
    ~Hold() override { keys_.release(key_); }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

private:
    KeysInFlight& keys_;
    const ApiAndIdempotencyKey key_;
};

Outcome<std::unique_ptr<CallHold>> KeysInFlight::hold(const http::Request& request) {
    const auto key = read_idempotency_key(request);
    if (!key || key->empty()) return nullptr;
    const auto api_key = bearer_token(request);
    if (!api_key) return nullptr;

    ApiAndIdempotencyKey held{*api_key, *key};
    const std::scoped_lock lock(mutex_);
    auto& holder = holders_.try_emplace(held, Holder{&request}).first->second;
    if (holder.request != &request) return in_use(*key);
    ++holder.holds;
    return std::make_unique<Hold>(*this, std::move(held));
}

void KeysInFlight::release(const ApiAndIdempotencyKey& key) {
    const std::scoped_lock lock(mutex_);
    const auto at = holders_.find(key);
    if (--at->second.holds == 0) holders_.erase(at);
}

}  // namespace turnpike::twin
