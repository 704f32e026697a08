#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "http/message.h"
#include "json/value.h"
#include "sandbox/stripe/twin.h"
#include "sql/testing.h"

namespace turnpike::twin::testing {

struct Reply {
    int status = 0;
    http::Headers headers;
    Json body;
    std::string text;

    [[nodiscard]] std::string header(std::string_view name) const;
    /// body.error.message and its like; "" when absent.
    [[nodiscard]] std::string error(std::string_view member) const;
};

/// A twin in a folder of its own, spoken to without a network. Its clock stands at
/// 2025-11-10T18:29:11Z (1762799351) until it is moved.
class TwinUnderTest {
public:
    explicit TwinUnderTest(Surroundings surroundings = {},
                           TwinConfig::RateLimits rate_limits = TwinConfig::RateLimits::Off);

    /// `form` as it goes over the wire: "email=a%40b.co&metadata[k]=v".
    Reply post(std::string_view path, std::string_view form = "", http::Headers headers = {});
    /// `target` with its query.
    Reply get(std::string_view target, http::Headers headers = {});
    Reply head(std::string_view target);
    Reply del(std::string_view path);
    /// The member "id" of a successful POST; "" after a failed one.
    std::string post_id(std::string_view path, std::string_view form);
    /// Types of all events so far, oldest first.
    std::vector<std::string> event_types();

    /// What the worker would do now: moves clocks, runs the billing engine.
    void run_due_work();
    /// Closes the database and opens it again.
    void restart();

    /// The key that requests carry; another one is another account.
    void use_key(std::string key) { key_ = std::move(key); }
    [[nodiscard]] ManualClock& clock() { return clock_; }
    [[nodiscard]] Twin& twin() { return *twin_; }

private:
    Reply send(http::Method method, std::string_view target, std::string_view form,
               http::Headers headers);

    sql::TempFolder folder_;
    ManualClock clock_{from_unix_seconds(1'762'799'351)};
    RandomIdSource ids_;
    Surroundings surroundings_;
    TwinConfig::RateLimits rate_limits_;
    std::string key_ = "sk_test_first";
    std::unique_ptr<Twin> twin_;
};

/// tests/golden/stripe/NAME.json: a recorded answer {"status", "version", "headers", "body"}.
Json recorded(const std::string& name);

/// Every member name in a document, as sorted paths: "card.checks.cvc_check". Names below
/// `metadata` are data, not shape, and arrays count through their first element.
std::vector<std::string> shape_of(const Json& document);

}  // namespace turnpike::twin::testing
