#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/expandable.h"
#include "sandbox/stripe/core/pages.h"

namespace turnpike::twin {

/// What the billing engine does with an object of this kind when Context::put_due says so. It must
/// move or clear the object's due time, or the engine never gets past it.
struct EngineStep {
    std::string_view kind;
    Outcome<std::monostate> (*take)(Context&, Json object);
};

/// EngineStep::take of a step that cannot fail.
template <void (*Step)(Context&, Json)>
Outcome<std::monostate> sure_step(Context& ctx, Json object) {
    Step(ctx, std::move(object));
    return std::monostate{};
}

/// Follows every event whose type begins with `types` ("customer.subscription.", "invoice.paid"),
/// right after it is recorded and in its transaction; `object` is the event's, private members
/// included. So a feature follows another one that does not know it.
struct EventListener {
    std::string_view types;
    void (*heard)(Context&, std::string_view type, const Json& object);
};

/// One feature's share of the sandbox. Every member may be empty. Listeners of one event run in the
/// order of features().
struct Feature {
    std::span<const OperationRoute> operations{};
    std::span<const PageRoute> pages{};
    std::span<const Expandable> expandables{};
    std::span<const Includable> includables{};
    std::span<const EngineStep> steps{};
    std::span<const EventListener> listeners{};
    /// Hears of every event once it is recorded, as it is stored.
    void (*event_recorded)(Context&, const Json& event) = nullptr;
    /// Ends what a customer has of this feature, before the customer is deleted.
    Outcome<std::monostate> (*end_customer)(Context&, const std::string& customer) = nullptr;
};

/// Every feature of the sandbox (stripe/features.cc).
std::span<const Feature> features();

/// nullptr: no feature has a step for this kind.
const EngineStep* find_step(std::string_view kind);
void tell_listeners(Context& ctx, std::string_view type, const Json& object);
/// Tells of a recorded event: Feature::event_recorded.
void tell_of_event(Context& ctx, const Json& event);

}  // namespace turnpike::twin
