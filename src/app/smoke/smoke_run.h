#pragma once

#include <string>

#include "app/smoke/smoke.h"
#include "base/id.h"
#include "http/client.h"
#include "json/value.h"

namespace turnpike {

/// Talks to a running server as its clients do, prints each step, and keeps count of what was
/// right.
class SmokeRun {
public:
    struct Answer {
        int status = 0;  ///< 0: none came; the body's detail says why
        Json body;
    };

    explicit SmokeRun(const SmokeTarget& target);

    Answer get(const std::string& path, const std::string& token);
    Answer post(const std::string& path, const std::string& token, const Json& body,
                const http::Headers& headers = {});
    /// Pays on the page of a checkout as its customer does, with a Visa card.
    void pay(const std::string& url);

    void step(const std::string& what);
    void expect_status(const Answer& answer, int status, const std::string& what);
    /// The value at a JSON pointer, as text.
    void expect(const Answer& answer, const std::string& pointer, const std::string& wanted,
                const std::string& what);
    void report(bool right, const std::string& what, const std::string& found,
                const std::string& wanted);
    /// Prints the sums. \return true when nothing was wrong
    bool finish() const;

    [[nodiscard]] const std::string& admin() const { return target_.admin_token; }
    /// Of a user of the host.
    [[nodiscard]] std::string token_of(const std::string& user) const;
    /// A name that no earlier run against this server has used.
    [[nodiscard]] std::string fresh(const std::string& name) const { return name + "-" + run_; }

private:
    Answer call(http::Call call);

    const SmokeTarget& target_;
    http::Client client_;
    RandomIdSource ids_;
    std::string run_;
    int passed_ = 0;
    int failed_ = 0;
};

/// The value at a JSON pointer as text; "(missing)" when there is none.
std::string value_at(const Json& json, const std::string& pointer);

/// What each published interface is for, once. The server serves them all; the primary catalog is
/// api-metering's.
void sell_api_calls(SmokeRun& run);
void sell_to_organization(SmokeRun& run);
void sell_lessons(SmokeRun& run);
void sell_attribution(SmokeRun& run);

}  // namespace turnpike
