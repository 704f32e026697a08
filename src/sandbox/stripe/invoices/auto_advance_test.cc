#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

using namespace std::chrono_literals;

constexpr const char* kOn = "auto_advance=true";
constexpr const char* kOff = "auto_advance=false";

class AutoAdvanceTest : public ::testing::Test {
protected:
    /// The path of a draft of $7.00.
    std::string draft(const std::string& form) {
        sandbox_.post("/v1/invoiceitems", "customer=" + customer_ + "&currency=usd&amount=700");
        return "/v1/invoices/" +
               text_of(sandbox_.post("/v1/invoices",
                                     "customer=" + customer_ +
                                         "&pending_invoice_items_behavior=include&" + form),
                       "id");
    }
    /// The path of one that is open, and whose card was declined once, just now.
    std::string declined() {
        const std::string path = draft(kOn);
        const Json method = sandbox_.post("/v1/payment_methods/pm_card_chargeCustomerFail/attach",
                                          "customer=" + customer_);
        sandbox_.post("/v1/customers/" + customer_,
                      "invoice_settings[default_payment_method]=" + text_of(method, "id"));
        sandbox_.post(path + "/finalize");
        return path;
    }
    void use_good_card() {
        const Json method =
            sandbox_.post("/v1/payment_methods/pm_card_visa/attach", "customer=" + customer_);
        sandbox_.post("/v1/customers/" + customer_,
                      "invoice_settings[default_payment_method]=" + text_of(method, "id"));
    }
    std::int64_t after(std::chrono::hours delay) { return unix_seconds(sandbox_.now() + delay); }

    BillingSandbox sandbox_;
    std::string customer_ = sandbox_.customer();
};

// A draft waits for an hour; then it is finalized and paid.
TEST_F(AutoAdvanceTest, OfADraftPlansItsFinalizationAndPayment) {
    const std::string path = draft(kOff);
    Json invoice = sandbox_.post(path, kOn);
    EXPECT_EQ(invoice["automatically_finalizes_at"], after(1h));
    EXPECT_EQ(invoice["next_payment_attempt"], after(1h));
    invoice = sandbox_.post(path, kOff);
    EXPECT_EQ(invoice["automatically_finalizes_at"], nullptr);
    EXPECT_EQ(invoice["next_payment_attempt"], nullptr);
    sandbox_.run_until(sandbox_.now() + 2h);
    EXPECT_EQ(sandbox_.get(path)["status"], "draft");
    sandbox_.post(path, kOn);
    sandbox_.run_until(sandbox_.now() + 1h);
    EXPECT_EQ(sandbox_.get(path)["status"], "paid");
}

TEST_F(AutoAdvanceTest, StartsNoNewHourWhenItIsOnAlready) {
    const std::string path = draft(kOn);
    const std::int64_t planned = after(1h);
    sandbox_.run_until(sandbox_.now() + std::chrono::minutes(30));
    EXPECT_EQ(sandbox_.post(path, kOn)["automatically_finalizes_at"], planned);
    sandbox_.run_until(sandbox_.now() + std::chrono::minutes(30));
    EXPECT_EQ(sandbox_.get(path)["status"], "paid");
}

TEST_F(AutoAdvanceTest, PlansNoPaymentOfADraftThatIsSent) {
    const std::string path = draft(kOn);
    const Json invoice = sandbox_.post(path, "collection_method=send_invoice&days_until_due=30");
    EXPECT_EQ(invoice["automatically_finalizes_at"], after(1h));
    EXPECT_EQ(invoice["next_payment_attempt"], nullptr);
}

// The first retry would come after three days.
TEST_F(AutoAdvanceTest, OfAnOpenInvoiceEndsAndResumesItsRetries) {
    const std::string path = declined();
    Json invoice = sandbox_.get(path);
    EXPECT_EQ(invoice["next_payment_attempt"], after(72h));
    EXPECT_EQ(sandbox_.post(path, kOn)["next_payment_attempt"], after(72h));
    EXPECT_EQ(sandbox_.post(path, kOff)["next_payment_attempt"], nullptr);
    use_good_card();
    sandbox_.run_until(sandbox_.now() + 120h);
    invoice = sandbox_.get(path);
    EXPECT_EQ(invoice["status"], "open");
    EXPECT_EQ(invoice["attempt_count"], 1);
    EXPECT_EQ(sandbox_.post(path, kOn)["next_payment_attempt"], after(1h));
    sandbox_.run_until(sandbox_.now() + 1h);
    EXPECT_EQ(sandbox_.get(path)["status"], "paid");
}

TEST_F(AutoAdvanceTest, LeavesTheDueDateOfAnInvoiceThatIsSent) {
    const std::string path =
        draft("collection_method=send_invoice&days_until_due=1&auto_advance=true");
    sandbox_.post(path + "/finalize");
    EXPECT_EQ(sandbox_.post(path, kOff)["next_payment_attempt"], nullptr);
    sandbox_.new_events();
    sandbox_.run_until(sandbox_.now() + 48h);
    EXPECT_THAT(sandbox_.new_events(), ::testing::Contains("invoice.overdue"));
}

}  // namespace
}  // namespace turnpike::twin
