#include "sandbox/stripe/metering/adjustments.h"

#include "sandbox/stripe/metering/usage_store.h"

namespace turnpike::twin {

Outcome<CanceledEvent> cancel_event(Operation& operation) {
    auto& params = operation.params;
    CanceledEvent event;
    event.event_name = params.required_text("event_name");
    if (!params.one_of("type", {"cancel"})) params.complain(missing_param("type"));
    if (auto cancel = params.object("cancel")) {
        event.identifier = cancel->required_text("identifier");
        params.absorb(*cancel);
    } else {
        params.complain(missing_param("cancel"));
    }
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    switch (cancel_usage(operation.ctx, event.event_name, event.identifier)) {
        case Cancellation::Done: return event;
        case Cancellation::NotFound:
            return bad_param("cancel[identifier]", "resource_missing",
                             "No meter event found with identifier '" + event.identifier + "'.");
        case Cancellation::TooLate: break;
    }
    return bad_param("cancel[identifier]", "",
                     "You can only cancel meter events within 24 hours of Stripe receiving them.");
}

std::string already_exists_message(const std::string& identifier) {
    return "An event already exists with identifier " + identifier + ".";
}

}  // namespace turnpike::twin
