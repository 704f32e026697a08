// A plan of misfortune is read or refused; what was read is read again as it is, and any call and
// any event can be held against it.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "json/value.h"
#include "sandbox/chaos/plan.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace turnpike;
    const auto* const bytes = static_cast<const char*>(static_cast<const void*>(data));
    const auto body = parse_json({bytes, size});
    if (!body) return 0;
    const auto plan = twin::read_plan(*body);
    if (!plan) return 0;
    check(plan->rules.size() <= twin::kChaosRulesMax, "a plan is bounded");
    const auto again = twin::read_plan(twin::to_json(*plan));
    check(again && *again == *plan, "a plan says what was read of it");
    const std::vector<std::int64_t> strikes(plan->rules.size(), 0);
    for (const auto traffic : {twin::Traffic::Calls, twin::Traffic::Webhooks}) {
        const twin::Occasion occasion{.traffic = traffic,
                                      .about = std::string(bytes, size),
                                      .endpoint = {"we_1"},
                                      .place = "a"};
        const auto rule = twin::choose_rule(*plan, strikes, occasion);
        check(!rule || twin::is_about(plan->rules[*rule], occasion), "a rule keeps to its subject");
    }
    return 0;
}
