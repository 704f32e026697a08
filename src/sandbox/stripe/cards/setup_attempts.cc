#include "sandbox/stripe/cards/setup_attempts.h"

#include <utility>

#include "json/value.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kSetupAttemptKind = "setup_attempt";

Json attempt_details(const Json& method) {
    if (text_of(method, "type") == "sepa_debit")
        return {{"sepa_debit", Json::object()}, {"type", "sepa_debit"}};
    const Json& kept = part_of(method, "card");
    Json card;
    for (const char* member :
         {"brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4"})
        card[member] = kept.value(member, Json());
    card["network"] = card["brand"];
    card["three_d_secure"] = nullptr;
    card["wallet"] = nullptr;
    Json details;
    details["card"] = std::move(card);
    details["type"] = "card";
    return details;
}

Json three_d_secure(CardholderAnswer answer) {
    const bool confirmed = answer == CardholderAnswer::Confirmed;
    Json result;
    result["authentication_flow"] = "challenge";
    result["electronic_commerce_indicator"] = confirmed ? Json("05") : Json();
    result["result"] = confirmed ? "authenticated" : "failed";
    result["result_reason"] = confirmed ? Json() : Json("rejected");
    result["transaction_id"] = nullptr;
    result["version"] = "2.2.0";
    return result;
}

}  // namespace

std::string start_setup_attempt(Context& ctx, const Json& intent, const Json& method) {
    std::string id = ctx.new_id("setatt");
    Json attempt;
    attempt["id"] = id;
    attempt["object"] = std::string(kSetupAttemptKind);
    attempt["application"] = nullptr;
    attempt["created"] = unix_seconds(second_of(ctx, text_of(intent, "customer")));
    for (const char* member : {"customer", "usage"}) attempt[member] = intent.at(member);
    for (const char* member : {"customer_account", "flow_directions", "on_behalf_of"})
        attempt[member] = nullptr;
    attempt["livemode"] = false;
    attempt["payment_method"] = method.at("id");
    attempt["payment_method_details"] = attempt_details(method);
    attempt["setup_error"] = nullptr;
    attempt["setup_intent"] = intent.at("id");
    attempt["status"] = "requires_confirmation";
    attempt["_parent"] = intent.at("id");
    ctx.put(attempt);
    return id;
}

void move_setup_attempt(Context& ctx, const std::string& id, std::string_view status,
                        const Json& setup_error) {
    auto attempt = ctx.find(kSetupAttemptKind, id);
    if (!attempt) return;
    (*attempt)["status"] = std::string(status);
    (*attempt)["setup_error"] = setup_error;
    ctx.put(*attempt);
}

void note_setup_answer(Context& ctx, const std::string& id, CardholderAnswer answer) {
    auto attempt = ctx.find(kSetupAttemptKind, id);
    if (!attempt) return;
    (*attempt)["payment_method_details"]["card"]["three_d_secure"] = three_d_secure(answer);
    ctx.put(*attempt);
}

Answer list_setup_attempts(Operation& operation) {
    Params& params = operation.params;
    ListFilter filter;
    filter.parent = params.required_text("setup_intent");
    read_created(params, filter);
    if (!filter.parent.empty() && !operation.ctx.find("setup_intent", filter.parent))
        params.complain(no_such_param("setupintent", filter.parent, "setup_intent"));
    return list_objects(operation, kSetupAttemptKind, filter);
}

}  // namespace turnpike::twin
