#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "connection.h"
#include "turnpike/client/client.h"
#include "turnpike/client/event.h"

namespace turnpike::client {

/// What a Client and its Recorders share. Any thread may call any of it.
class Client::Impl {
public:
    explicit Impl(ClientOptions options);

    /// A call with its retries, until there is a 2xx.
    ///
    /// Errors: Refused, Unavailable
    Result<HttpAnswer> call(const HttpCall& call);

    [[nodiscard]] std::unique_ptr<Connection> new_connection() const {
        return std::make_unique<Connection>(endpoint_);
    }
    [[nodiscard]] Clock& clock() const { return clock_; }
    [[nodiscard]] const std::string& source() const { return options_.source; }

private:
    std::unique_ptr<Connection> take_connection();
    void give_back(std::unique_ptr<Connection> connection);
    void sleep(std::chrono::milliseconds wait);

    const ClientOptions options_;
    const Endpoint endpoint_;
    Clock& clock_;

    std::mutex mutex_;
    // Guarded by mutex_:
    std::vector<std::unique_ptr<Connection>> idle_;
};

/// A ConsumeRequest or a ReserveRequest as it is sent, with an id and a source.
template <class Use>
Use named(Use use, const std::string& source) {
    if (use.id.empty()) use.id = new_event_id();
    if (use.source.empty()) use.source = source;
    return use;
}
/// The same of an event, and of the event that it corrects.
Event named(Event event, const std::string& source);

/// 2xx, or the error that the answer is.
Result<HttpAnswer> successful(Result<HttpAnswer> answer);

}  // namespace turnpike::client
