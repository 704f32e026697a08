#include "sandbox/stripe/webhooks/resend.h"

#include <array>
#include <string>

#include "sandbox/stripe/core/events.h"
#include "sandbox/stripe/webhooks/webhooks.h"

namespace turnpike::twin {
namespace {

Answer retry_event(Operation& operation) {
    auto& ctx = operation.ctx;
    auto& params = operation.params;
    const auto endpoint = params.text("webhook_endpoint").value_or("");
    if (params.boolean("for_stripecli").value_or(false) && endpoint.empty())
        params.complain(bad_param("for_stripecli", "",
                                  "No CLI endpoints found to retry delivery. Run 'stripe listen' "
                                  "and retry the request to see the event in the CLI, or provide a "
                                  "specific webhook endpoint."));
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    const auto& id = operation.path("event");
    const auto event = find_event(ctx, id);
    if (!event) return no_such_object("event", id);
    const auto queued = resend_webhooks(ctx, *event, endpoint);
    if (!queued) return Refusal(queued.error());
    return *find_event(ctx, id);
}

constexpr auto kOperations = std::to_array<OperationRoute>({
    {"POST", "/v1/events/{event}/retry", retry_event},
});

}  // namespace

const Feature& resend_feature() {
    static constexpr Feature kFeature{.operations = kOperations};
    return kFeature;
}

}  // namespace turnpike::twin
