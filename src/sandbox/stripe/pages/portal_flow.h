#pragma once

#include <optional>
#include <string>

#include "json/json.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/pages.h"

/// Flows of the portal: a session that holds one thing to do, and says where to go afterwards.
namespace turnpike::twin {

/// Reads flow_data of a session of this customer and configuration. null: there is no flow.
/// Errors: 400 for what the configuration does not offer, subscriptions that cannot be changed so,
/// and offered coupons that cannot be redeemed.
Outcome<Json> read_flow(Context& ctx, Params& params, const std::string& customer,
                        const Json& configuration);

/// The session is one of a flow that has not been completed.
bool has_open_flow(const Json& session);
/// The session was one of a flow, which ended elsewhere than in the portal.
bool has_ended_flow(const Json& session);

/// What the flow's one page offers: an action, and for which plan; "" where it does not matter.
struct FlowAction {
    std::string action;
    std::string subscription;
};
FlowAction action_of_flow(const Json& session);

/// The coupon with which a flow of cancellation keeps its customer; "" for none.
std::string offered_coupon(const Json& session);

/// The page's heading, what came of the last try (`told`, HTML), and the form.
std::string flow_body(Context& ctx, const Json& session, const Json& customer,
                      const std::string& told);
/// The page of a flow that has ended; `said` is what came of it.
PageAnswer ended_flow_page(const Json& session);

/// Ends the flow after its action, of which this is said.
void complete_flow(Json& session, const std::string& said);
/// Where the shop wants the customer after the flow; "" for nowhere else.
std::string return_of_flow(const Json& session);

/// The form that POST /v1/subscriptions/ID takes for subscription_update_confirm.
Json confirmed_change(const Json& session);

}  // namespace turnpike::twin
