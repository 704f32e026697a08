#include "sandbox/stripe/subscriptions/delinquency.h"

#include <array>
#include <string>

#include "json/value.h"
#include "sandbox/stripe/core/sandbox_settings.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

/// The account's own choice, or the default.
Json settings_of_account(Context& ctx) {
    return sandbox_settings(ctx, "subscription_settings", {{"after_last_retry", "cancel"}});
}

Answer get_settings(Operation& operation) {
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    return settings_of_account(operation.ctx);
}

Answer update_settings(Operation& operation) {
    const auto choice =
        operation.params.one_of("after_last_retry", {"cancel", "unpaid", "past_due"});
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    Json settings = settings_of_account(operation.ctx);
    if (choice) settings["after_last_retry"] = *choice;
    operation.ctx.put(settings);
    return settings;
}

constexpr auto kOperations = std::to_array<OperationRoute>({
    {"GET", "/_sandbox/subscription_settings", get_settings},
    {"POST", "/_sandbox/subscription_settings", update_settings},
});

}  // namespace

AfterLastRetry after_last_retry(Context& ctx) {
    const std::string choice = text_of(settings_of_account(ctx), "after_last_retry");
    if (choice == "unpaid") return AfterLastRetry::Unpaid;
    return choice == "past_due" ? AfterLastRetry::PastDue : AfterLastRetry::Cancel;
}

const Feature& delinquency_feature() {
    static constexpr Feature kFeature{.operations = kOperations};
    return kFeature;
}

}  // namespace turnpike::twin
