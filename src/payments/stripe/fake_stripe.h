#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "http/testing.h"
#include "json/value.h"

namespace turnpike::stripe {

namespace asio = boost::asio;

/// What goes wrong with one request.
enum class Fault : std::uint8_t {
    None,
    LostRequest,       ///< never executed, never answered
    LostAnswer,        ///< executed, never answered
    ErrorBefore,       ///< 500, nothing executed, nothing remembered
    ErrorAfter,        ///< executed; 500 is remembered under the key and told again, as Stripe does
    CutAnswer,         ///< executed; 200 with half a body
    HtmlAnswer,        ///< executed; 200 with a page of some proxy
    RateLimited,       ///< 429, without a word about retrying
    RateLimitedRetry,  ///< 429 with Stripe-Should-Retry: true and Retry-After: 0
    KeyInUse,          ///< 409
    Slow,              ///< executed and answered, late but in time
    BadKey,            ///< 401 that echoes the key
    Refused,           ///< 400, nothing executed
};

/// A small Stripe with behaviour: objects, idempotency keys, paging, declines, and faults on order.
/// Thread-safe.
class FakeStripe {
public:
    struct Seen {
        std::string method, path, query, body;
        std::string key, version, authorization, content_type;
    };

    FakeStripe();
    ~FakeStripe();

    [[nodiscard]] std::string url() const { return server_->url(); }
    /// The next requests meet these faults, one each; then all is well.
    void plan(std::vector<Fault> faults);
    void forget_keys();
    void put(const Json& object);  ///< as if made by hand in the dashboard
    [[nodiscard]] Json object(const std::string& id) const;
    [[nodiscard]] std::size_t count(std::string_view kind) const;
    [[nodiscard]] std::vector<Seen> seen() const;
    [[nodiscard]] std::size_t requests() const { return seen().size(); }

private:
    struct Answer {
        int status = 200;
        std::string body;
    };
    using Form = std::map<std::string, std::string>;

    asio::awaitable<http::Response> serve(const http::Request& request);
    Fault take_fault(const http::Request& request);
    Answer once(const http::Request& request, const Form& form, Fault fault);
    Answer execute(const http::Request& request, const Form& form);
    Answer post(const std::string& path, const Form& form);
    Answer act(const std::string& id, const std::string& action, const Form& form);
    Answer attach(const std::string& method, const Form& form);
    Answer start(const Form& form);
    Answer update(Json object, const Form& form);
    Answer cancel(const std::string& id);
    Answer get(const std::string& path, const Form& form);
    Answer list(const std::string& kind, const Form& form);
    Answer lines(const std::string& invoice, const Form& form);
    Json make(const std::string& kind, const std::string& prefix, const Form& form);
    Answer save(Json object);

    mutable std::mutex mutex_;
    std::deque<Fault> faults_;
    std::map<std::string, Json> objects_;
    std::vector<std::string> order_;                              ///< ids as they were made
    std::map<std::string, std::pair<std::string, Answer>> keys_;  ///< key -> what was asked, answer
    std::vector<Seen> seen_;
    std::int64_t next_ = 1;
    std::unique_ptr<http::testing::TestServer> server_;
};

}  // namespace turnpike::stripe
