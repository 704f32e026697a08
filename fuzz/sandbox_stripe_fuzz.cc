// Stripe's twin answers any call: forms, parameters, paths to expand, ids of any kind.
#include <memory>

#include "sandbox/stripe/twin.h"
#include "sandbox_calls.h"

namespace {

using namespace turnpike;

/// A twin for the whole run: what one input leaves is there for the next.
struct World {
    fuzz::Folder folder{"turnpike_fuzz_stripe_"};
    ManualClock clock{from_unix_seconds(1'762'799'351)};
    RandomIdSource ids;
    std::unique_ptr<twin::Twin> twin = make();

private:
    std::unique_ptr<twin::Twin> make() {
        auto opened = twin::Twin::open({.data_dir = folder.path()}, clock, ids);
        check(opened.has_value(), "a twin opens in a new folder");
        return *std::move(opened);
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static World world;
    const auto* const bytes = static_cast<const char*>(static_cast<const void*>(data));
    auto request = fuzz::read_call({bytes, size});
    if (!request) return 0;
    request->headers = {{"Authorization", "Bearer sk_test_fuzz"},
                        {"Content-Type", "application/x-www-form-urlencoded"}};
    fuzz::check_call(*world.twin, *request);
    return 0;
}
