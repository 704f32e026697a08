#include "sandbox/stripe/pages/portal.h"

#include <array>
#include <utility>

#include "json/value.h"
#include "sandbox/html.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/pages/portal_configurations.h"
#include "sandbox/stripe/pages/portal_flow.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/checked_fields.h"

namespace turnpike::twin {
namespace {

Answer create_session(Operation& operation) {
    Context& ctx = operation.ctx;
    Params& params = operation.params;
    const std::string customer_id = params.required_text("customer");
    const auto return_url = read_web_address(params, "return_url");
    if (return_url == "")
        params.complain(bad_param("return_url", "url_invalid", "Not a valid URL"));
    const std::string configuration_id = params.text("configuration").value_or("");
    const auto locale = params.text("locale");
    params.ignore("flow_data");  // read when the configuration is known
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    const auto customer = require_customer(ctx, customer_id, "customer");
    if (!customer) return Refusal(customer.error());
    auto configuration = configuration_id.empty() ? default_configuration(ctx)
                                                  : find_configuration(ctx, configuration_id);
    if (!configuration) return no_such_param("configuration", configuration_id, "configuration");
    if (!flag_of(*configuration, "active"))
        return bad_param("configuration", "",
                         "The configuration " + configuration_id + " is not active.");
    auto flow = read_flow(ctx, params, customer_id, *configuration);
    if (!flow) return flow;

    Json session;
    const std::string id = ctx.new_id("bps");
    session["id"] = id;
    session["object"] = "billing_portal.session";
    session["configuration"] = configuration->at("id");
    session["created"] = unix_seconds(ctx.now());
    session["customer"] = customer_id;
    session["customer_account"] = nullptr;
    session["flow"] = *std::move(flow);
    session["livemode"] = false;
    session["locale"] = locale ? Json(*locale) : Json();
    session["on_behalf_of"] = nullptr;
    session["return_url"] =
        return_url ? Json(*return_url) : configuration->value("default_return_url", Json());
    session["url"] = ctx.base_url() + "/p/session/" + id;
    session["_last_used"] = unix_seconds(ctx.now());
    session["_opened"] = false;
    ctx.put(session);
    ctx.emit("billing_portal.session.created", session);
    return session;
}

constexpr auto kPortalRoutes = std::to_array<OperationRoute>({
    {"POST", "/v1/billing_portal/sessions", create_session},
});

constexpr auto kPortalExpandables = std::to_array<Expandable>({
    {"billing_portal.session", "configuration", "billing_portal.configuration"},
});

}  // namespace

bool is_session_expired(const Json& session, Instant now) {
    const Duration idle = now - *instant_of(session, "_last_used");
    return idle > (flag_of(session, "_opened") ? Duration(kPortalIdle) : Duration(kPortalUnopened));
}

PageAnswer expired_page() {
    return {.status = 404,
            .html = html_page("Link expired",
                              "<h1>This link has expired</h1><p>Go back to the shop and open the "
                              "billing portal again.</p>")};
}

const Feature& portal_feature() {
    static constexpr Feature kFeature{.operations = kPortalRoutes,
                                      .expandables = kPortalExpandables};
    return kFeature;
}

}  // namespace turnpike::twin
