#include "invoicing/refund.h"

#include <gtest/gtest.h>

#include "invoicing/testing.h"

namespace turnpike {
namespace {

Invoice invoice_of(std::int64_t paid, std::int64_t refunded) {
    SeededIdSource ids{5};
    const Instant now = from_unix_seconds(1'700'000'000);
    auto invoice = paid_invoice(ids, ids.make<CustomerId>(now), Money(paid, Currency::Usd), now);
    invoice.refunded = Money(refunded, Currency::Usd);
    return invoice;
}

struct Case {
    const char* name;
    std::int64_t paid, refunded;
    RefundWish wish;
    std::int64_t goes_back;  ///< 0: refused
    const char* reason = "";
};
const std::vector<Case> kCases{
    {"everything", 9'900, 0, {}, 9'900},
    {"all that is left", 9'900, 4'000, {}, 5'900},
    {"a part", 9'900, 0, {.amount = 1}, 1},
    {"the rest to the cent", 9'900, 4'000, {.amount = 5'900}, 5'900},
    {"one cent too many", 9'900, 4'000, {.amount = 5'901}, 0, "refund.exceeds_payment"},
    {"of nothing paid", 0, 0, {}, 0, "refund.not_paid"},
    {"of nothing left", 9'900, 9'900, {}, 0, "refund.nothing_left"},
    {"of less than nothing left", 9'900, 9'901, {.amount = 1}, 0, "refund.nothing_left"},
    {"the currency named", 9'900, 0, {.amount = 5, .currency = Currency::Usd}, 5},
    {"another currency",
     9'900,
     0,
     {.amount = 5, .currency = Currency::Eur},
     0,
     "refund.wrong_currency"},
};

TEST(Refundable, IsWhatWasPaidAndHasNotGoneBack) {
    for (const auto& one : kCases) {
        SCOPED_TRACE(one.name);
        const auto wanted = refundable(invoice_of(one.paid, one.refunded), one.wish);
        EXPECT_EQ(wanted ? wanted->minor() : 0, one.goes_back);
        EXPECT_EQ(wanted ? "" : std::string(wanted.error().reason.text()), one.reason);
    }
}

TEST(Refundable, IsNothingWhileTheBankHasTheMoney) {
    auto invoice = invoice_of(9'900, 0);
    invoice.disputed = true;
    const auto refused = refundable(invoice, {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason.text(), "refund.disputed");
    EXPECT_EQ(refused.error().code, ErrorCode::Conflict);
}

TEST(Refundable, SaysHowMuchIsLeft) {
    const auto refused = refundable(invoice_of(9'900, 4'000), {.amount = 6'000});
    ASSERT_FALSE(refused);
    const std::vector<std::pair<std::string, std::string>> left{{"amount_left", "5900"}};
    EXPECT_EQ(refused.error().details, left);
}

TEST(RefundWords, AreReadAsTheyAreWritten) {
    using enum RefundStatus;
    for (const auto status : {Creating, Pending, Succeeded, Failed, Canceled})
        EXPECT_EQ(parse_refund_status(to_text(status)), status);
    EXPECT_FALSE(parse_refund_status("processed"));
    for (const auto status :
         {DisputeStatus::Inquiry, DisputeStatus::NeedsResponse, DisputeStatus::UnderReview,
          DisputeStatus::Won, DisputeStatus::Lost, DisputeStatus::Closed})
        EXPECT_EQ(parse_dispute_status(to_text(status)), status);
    EXPECT_FALSE(parse_dispute_status("warning_closed"));
}

}  // namespace
}  // namespace turnpike
