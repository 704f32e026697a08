#include "sandbox/stripe/clocks/billing_engine.h"

#include <utility>

#include "json/value.h"
#include "sandbox/stripe/core/feature.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

Outcome<std::monostate> step(Context& ctx, Json object) {
    const auto kind = text_of(object, "object");
    const auto* step = find_step(kind);
    if (step == nullptr) return bad_param("", "", "No engine step for an object of kind " + kind);
    return step->take(ctx, std::move(object));
}

}  // namespace

Outcome<std::monostate> run_engine(Context& ctx, const std::string& test_clock, Instant until) {
    while (auto due = ctx.next_due(until, test_clock)) {
        ctx.set_clock_time(test_clock, due->when);
        const auto done = step(ctx, std::move(due->object));
        if (!done) return done;
    }
    ctx.set_clock_time(test_clock, until);
    return std::monostate{};
}

}  // namespace turnpike::twin
