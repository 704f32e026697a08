#pragma once

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "json/value.h"
#include "sandbox/form.h"
#include "sandbox/stripe/pages/portal.h"
#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

/// For tests of the portal.
namespace turnpike::twin {

/// Ada is on Starter ($29.00), may move to Pro ($99.00), and has a portal session open.
class PortalTest : public ::testing::Test {
protected:
    PortalTest() {
        sandbox_.post("/v1/customers/" + customer_, "name=%3Cb%3EAda%3C%2Fb%3E");
        subscription_ =
            text_of(sandbox_.post("/v1/subscriptions",
                                  "customer=" + customer_ + "&items[0][price]=" + starter_),
                    "id");
        session_ = sandbox_.post(
            "/v1/billing_portal/sessions",
            "customer=" + customer_ + "&return_url=http%3A%2F%2F127.0.0.1%2Fback%3Fa%3D1%26b%3D2");
    }

    PageAnswer visit(std::string_view method, const std::string& pattern, const std::string& kind,
                     const std::string& id, const std::string& form) {
        const Json parameters = *decode_form(form);
        for (const PageRoute& route : portal_page_feature().pages) {
            if (route.method != method || route.pattern != pattern) continue;
            return sandbox_.in_transaction([&](Context& ctx) {
                PageRequest page{.ctx = ctx,
                                 .object = *ctx.find(kind, id),
                                 .form = Params(parameters),
                                 .path = "/here"};
                return route.handler(page);
            });
        }
        ADD_FAILURE() << "no such page";
        return {};
    }
    /// From here on, a session of a configuration with these features.
    void enter_with(const std::string& features) {
        const Json made = sandbox_.post("/v1/billing_portal/configurations", features);
        session_ = sandbox_.post("/v1/billing_portal/sessions",
                                 "customer=" + customer_ + "&configuration=" + text_of(made, "id"));
    }
    PageAnswer show() {
        return visit("GET", "/p/session/{id}", "billing_portal.session", text_of(session_, "id"),
                     "");
    }
    /// Posts a form and returns the page that follows.
    std::string act(const std::string& form) {
        const PageAnswer answer = visit("POST", "/p/session/{id}", "billing_portal.session",
                                        text_of(session_, "id"), form);
        EXPECT_EQ(answer.status, 303);
        EXPECT_EQ(answer.location, "/here");
        return show().html;
    }
    Json subscription() { return sandbox_.get("/v1/subscriptions/" + subscription_); }

    BillingSandbox sandbox_;
    std::string customer_ = sandbox_.customer();
    std::string starter_ = sandbox_.price("Starter", 2900), pro_ = sandbox_.price("Pro", 9900);
    std::string subscription_;
    Json session_;
};

}  // namespace turnpike::twin
