#include "webhooks/alert_text.h"

#include <gtest/gtest.h>

#include "json/value.h"

namespace turnpike {
namespace {

TEST(AlertText, SaysWhatHappenedInOneLine) {
    const struct {
        const char* type;
        const char* data;
        const char* text;
    } cases[] = {
        {"subscription.created",
         R"({"id":"sub_1","customer":"cus_1","plan":"pro","status":"active"})",
         "Subscription created: plan pro, status active, customer cus_1, sub_1"},
        {"invoice.payment_failed",
         R"({"id":"inv_1","customer":"cus_1","number":"A-7",)"
         R"("amount_due":{"amount":2900,"currency":"USD"},)"
         R"("next_attempt_at":"2026-03-04T00:00:00Z"})",
         "Payment failed: 29.00 USD, invoice A-7, next try 2026-03-04T00:00:00Z, customer cus_1, "
         "inv_1"},
        {"invoice.paid",
         R"({"id":"inv_1","customer":"cus_1","number":null,)"
         R"("amount_paid":{"amount":500,"currency":"JPY"}})",
         "Payment succeeded: 500 JPY, customer cus_1, inv_1"},
        {"usage.threshold_reached",
         R"({"percent":80,"meter":"api_calls","meter_name":"API calls","kind":"usage",)"
         R"("used":"812","limit":"1000","customer":"cus_1"})",
         "Usage: 80% of API calls reached, 812 of 1000, customer cus_1"},
        {"usage.threshold_reached",
         R"({"percent":50,"meter":"api_calls","meter_name":"API calls","kind":"spend",)"
         R"("used":"0.6","limit":"1","currency":"usd","customer":"cus_1"})",
         "Usage: 50% of the spend cap of API calls reached, 0.6 of 1 USD, customer cus_1"},
        {"webhook.signature_failed", R"({"provider":"stripe","count":3})",
         "Webhook signature failures: provider stripe, 3"},
        {"finding.opened",
         R"({"id":"fnd_1","kind":"card_expiring","reason":"card_expired","about":"sub_1",)"
         R"("customer":"cus_1"})",
         "Somebody should look at this: card_expiring, card_expired, about sub_1, customer cus_1"},
        {"finding.opened",
         R"({"id":"fnd_1","kind":"late_action","reason":"action_late","about":"command",)"
         R"("customer":null,"facts":{"action":"command","oldest":"sub_1","seconds":950}})",
         "Somebody should look at this: late_action, action_late, about command, "
         "first of all sub_1"},
        {"webhook_endpoint.test", R"({"url":"https://example.com/"})",
         "A test of this destination: https://example.com/"},
        {"subscription.canceled", "[]", "Subscription canceled"},
        {"customer.created", "{}", "customer.created"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.type);
        EXPECT_EQ(alert_text(c.type, *parse_json(c.data)), c.text);
    }
}

}  // namespace
}  // namespace turnpike
