// Any bytes as the records of a usage log. Either they are refused, or they are a state, whose
// snapshot is another way to it.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "metering/log/state/snapshot_comparison.h"
#include "metering/log/state/usage_state.h"

namespace {

using namespace turnpike;

std::string snapshot_of(const UsageState& state) {
    std::string all;
    const auto written = state.write_snapshot([&](std::string_view records) {
        all += records;
        return Result<std::monostate>();
    });
    check(written.has_value(), "memory takes what is written");
    return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string bytes(data, data + size);
    UsageState state;
    const auto applied = state.apply_all(bytes);
    if (!applied) {
        check(applied.error().reason == Reason("usage_log.damaged"), "it is damaged");
        return 0;
    }
    const std::string snapshot = snapshot_of(state);
    UsageState restored;
    check(restored.apply_all(snapshot).has_value(), "a snapshot can be read");
    check(differences_between(restored, state).empty(), "it says the same");
    return 0;
}
