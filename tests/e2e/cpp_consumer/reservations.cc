// reservations URL TOKEN CUSTOMER: holds, drops, commits, corrects and lets expire, and prints what
// came of each: "held, dropped, held, committed, amended, voided".
#include <cstdio>
#include <thread>

#include <turnpike/client.h>

namespace {

using namespace turnpike::client;
using namespace std::chrono_literals;

int fail(const Error& error) {
    std::fprintf(stderr, "%s: %s\n", error.code.c_str(), error.message.c_str());
    return 1;
}

const char* text_of(EndOutcome outcome) {
    switch (outcome) {
        case EndOutcome::Committed: return "committed";
        case EndOutcome::Released: return "released";
        case EndOutcome::Expired: return "expired";
        case EndOutcome::ExceedsLimit: return "exceeds_limit";
        case EndOutcome::AlreadyCommitted: return "already_committed";
    }
    return "";
}

}  // namespace

int main(int, char** arguments) {
    auto client = Client::create({.url = arguments[1],
                                  .token = arguments[2],
                                  .backoff = {.first_wait = 1ms, .wait_max = 5ms}});
    if (!client) return fail(client.error());
    const std::string customer = arguments[3];
    const ReserveRequest work{.customer = customer, .meter = "api_calls", .quantity = "10"};

    const auto dropped = client->reserve(work);
    if (!dropped) return fail(dropped.error());
    std::printf("%s, ", dropped->outcome == ReserveOutcome::Held ? "held" : "denied");
    {
        const Hold hold(*client, dropped->reservation->id);
    }
    const auto late = client->commit(dropped->reservation->id, "10");
    if (!late) return fail(late.error());
    std::printf("%s, ", late->outcome == EndOutcome::Released ? "dropped" : text_of(late->outcome));

    const auto reserved = client->reserve(work);
    if (!reserved) return fail(reserved.error());
    std::printf("%s, ", reserved->outcome == ReserveOutcome::Held ? "held" : "denied");
    Hold hold(*client, reserved->reservation->id);
    const auto ended = hold.commit("7");
    if (!ended) return fail(ended.error());
    std::printf("%s, ", text_of(ended->outcome));

    const auto wrong = client->consume({.customer = customer, .meter = "api_calls"});
    if (!wrong) return fail(wrong.error());
    const std::string event = ended->reservation->event_id;
    const auto verdicts = client->record(std::vector{amend_event(customer, {.id = event}, "5"),
                                                     void_event(customer, {.id = wrong->id})});
    if (!verdicts) return fail(verdicts.error());
    std::printf("%s, %s\n", verdicts->at(0).is_counted() ? "amended" : "not amended",
                verdicts->at(1).is_counted() ? "voided" : "not voided");

    auto brief = work;
    brief.ttl = 1s;
    const auto forgotten = client->reserve(brief);
    if (!forgotten) return fail(forgotten.error());
    std::printf("%s, ", forgotten->outcome == ReserveOutcome::Held ? "held" : "denied");
    std::this_thread::sleep_until(forgotten->reservation->expires_at + 1ms);
    const auto expired = client->commit(forgotten->reservation->id, "1");
    if (!expired) return fail(expired.error());
    std::printf("%s\n", text_of(expired->outcome));
}
