// main URL TOKEN CUSTOMER EVENTS CONSUMPTIONS: records and consumes one unit each, and prints what
// became of them: "counted 900, duplicates 675, unconfirmed 0, consumed 20".
#include <atomic>
#include <cstdio>
#include <cstdlib>

#include <turnpike/client.h>

namespace {

using namespace turnpike::client;
using namespace std::chrono_literals;

constexpr Backoff kQuick{.first_wait = 1ms, .wait_max = 5ms};

int fail(const Error& error) {
    std::fprintf(stderr, "%s: %s\n", error.code.c_str(), error.message.c_str());
    return 1;
}

}  // namespace

int main(int, char** arguments) {
    auto client = Client::create({.url = arguments[1], .token = arguments[2], .backoff = kQuick});
    if (!client) return fail(client.error());
    const std::string customer = arguments[3];

    std::atomic<int> counted{0}, duplicates{0};
    auto recorder = Recorder::create(*client, {.on_verdict =
                                                   [&](const Event&, const Verdict& verdict) {
                                                       counted += verdict.is_counted();
                                                       duplicates +=
                                                           verdict.kind == VerdictKind::Duplicate;
                                                   },
                                               .queue_max = 200,
                                               .batch_max = 50,
                                               .age_max = 10ms,
                                               .backoff = kQuick});
    if (!recorder) return fail(recorder.error());
    for (int i = std::atoi(arguments[4]); i > 0; --i) {
        const auto handed_over =
            recorder->record({.customer = customer, .meter = "api_calls"}, 60s);
        if (!handed_over) return fail(handed_over.error());
    }
    int consumed = 0;
    for (int i = std::atoi(arguments[5]); i > 0; --i) {
        const auto consumption = client->consume({.customer = customer, .meter = "api_calls"});
        if (!consumption) return fail(consumption.error());
        consumed += consumption->allowed;
    }
    const auto left = recorder->close(60s);
    std::printf("counted %d, duplicates %d, unconfirmed %zu, consumed %d\n", counted.load(),
                duplicates.load(), left.unconfirmed.size(), consumed);
}
