// Razorpay's twin answers any call: JSON bodies of any shape, the SDK's empty forms, queries.
#include <memory>

#include "base/encoding.h"
#include "sandbox/razorpay/twin.h"
#include "sandbox_calls.h"

namespace {

using namespace turnpike;

/// A twin for the whole run: what one input leaves is there for the next.
struct World {
    fuzz::Folder folder{"turnpike_fuzz_razorpay_"};
    ManualClock clock{from_unix_seconds(1'762'799'351)};
    RandomIdSource ids;
    std::unique_ptr<twin::razorpay::Twin> twin = make();

private:
    std::unique_ptr<twin::razorpay::Twin> make() {
        auto opened = twin::razorpay::Twin::open(folder.path(), clock, ids);
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
    // The first byte of a body says what it claims to be: JSON, or the SDK's form.
    const bool is_json = request->body.starts_with('{') || request->body.starts_with('[');
    request->headers = {
        {"Authorization", "Basic " + to_base64("rzp_test_fuzz:secret")},
        {"Content-Type", is_json ? "application/json" : "application/x-www-form-urlencoded"}};
    fuzz::check_call(*world.twin, *request);
    return 0;
}
