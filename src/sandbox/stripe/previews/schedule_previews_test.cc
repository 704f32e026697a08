#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/schedules/schedule_testing.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

/// POST /v1/invoices/create_preview of schedules: what it shows is what comes.
class SchedulePreviewTest : public ScheduleTest {
protected:
    Json preview(const std::string& form) {
        return sandbox_.post("/v1/invoices/create_preview", form);
    }
    Json preview_of(const Json& schedule, const std::string& more = "") {
        return preview("schedule=" + text_of(schedule, "id") + more);
    }
    /// A form of phases as schedule_details has them.
    static std::string details(std::string form) {
        for (std::size_t at = form.find("phases["); at != std::string::npos;
             at = form.find("phases[", at))
            form.replace(at, 6, "schedule_details[phases]"), at += 24;
        return form;
    }
    static std::vector<std::int64_t> lines_of(const Json& invoice) {
        return amounts_of(invoice["lines"]["data"]);
    }
};

TEST_F(SchedulePreviewTest, TheRenewalBillsTheNextPhase) {
    const Json schedule = create(phase(0, one_, months(1)) + phase(1, two_, months(1)));
    sandbox_.new_events();
    const Json preview = preview_of(schedule);
    EXPECT_THAT(lines_of(preview), ElementsAre(6200));
    EXPECT_THAT(text_of(preview, "id"), StartsWith("upcoming_in_"));
    EXPECT_EQ(preview["billing_reason"], "upcoming");
    EXPECT_EQ(preview["status"], "draft");
    EXPECT_EQ(preview["number"], nullptr);
    EXPECT_EQ(preview["test_clock"], clock_);
    EXPECT_EQ(day_of(preview["period_end"]), "2026-04-01");
    EXPECT_EQ(preview["parent"]["subscription_details"]["subscription"], schedule["subscription"]);
    // Nothing has happened.
    EXPECT_THAT(sandbox_.new_events(), IsEmpty());
    EXPECT_EQ(get(schedule), schedule);
    EXPECT_EQ(invoices().size(), 1);
    until("2026-04-01");
    EXPECT_EQ(newest_lines(), lines_of(preview));
    EXPECT_EQ(invoices().at(0)["total"], preview["total"]);
}

// 10 of 31 days are used when the second phase begins: 42 dollars more, 21 back.
TEST_F(SchedulePreviewTest, APhaseWithinThePeriodIsInvoicedOrWaitsForTheRenewal) {
    const std::string first = phase(0, one_, "[end_date]=" + seconds("2026-03-11"));
    const Json at_once =
        create(first + phase(1, two_, months(1) + " [proration_behavior]=always_invoice"));
    const Json preview = preview_of(at_once);
    EXPECT_THAT(lines_of(preview), ElementsAre(-2100, 4200));
    EXPECT_EQ(preview["billing_reason"], "subscription_update");
    EXPECT_EQ(preview["status"], "draft");
    EXPECT_EQ(preview["amount_due"], 2100);
    EXPECT_EQ(preview["amount_paid"], 0);
    EXPECT_EQ(day_of(preview["created"]), "2026-03-11");
    sandbox_.post(path_of(at_once) + "/cancel", "invoice_now=false&prorate=false");

    const Json later = create(first + phase(1, two_, months(1)));
    EXPECT_THAT(lines_of(preview_of(later)), ElementsAre(-2100, 4200, 6200));
}

TEST_F(SchedulePreviewTest, AScheduleThatWaitsShowsItsFirstInvoice) {
    const Json schedule =
        create("&start_date=" + seconds("2026-03-20") + phase(0, one_, months(1)));
    const Json preview = preview_of(schedule, "&customer=" + customer_);
    EXPECT_THAT(lines_of(preview), ElementsAre(3100));
    EXPECT_EQ(preview["billing_reason"], "subscription_create");
    EXPECT_EQ(day_of(preview["created"]), "2026-03-20");
    EXPECT_EQ(get(schedule)["status"], "not_started");
    until("2026-03-20");
    EXPECT_EQ(newest_lines(), lines_of(preview));
}

TEST_F(SchedulePreviewTest, AChangeIsShownAndNotMade) {
    const Json schedule = create(phase(0, one_, months(1)));
    until("2026-03-11");
    sandbox_.new_events();
    const std::string doubled = "&" + details(running(one_, "[items][0][quantity]=2"));
    EXPECT_THAT(lines_of(preview_of(
                    schedule, doubled + "&schedule_details[proration_behavior]=always_invoice")),
                ElementsAre(-2100, 4200));
    EXPECT_THAT(lines_of(preview_of(schedule, doubled)), ElementsAre(-2100, 4200, 6200));
    EXPECT_EQ(get(schedule)["phases"], schedule["phases"]);
    EXPECT_EQ(subscription_of(schedule)["items"]["data"][0]["quantity"], 1);
    EXPECT_THAT(pending(), IsEmpty());
    EXPECT_THAT(sandbox_.new_events(), IsEmpty());
}

TEST_F(SchedulePreviewTest, ANewScheduleIsShownAndNotMade) {
    sandbox_.post("/v1/coupons", "id=HALF&percent_off=50&duration=forever");
    sandbox_.new_events();
    const Json now = preview("customer=" + customer_ +
                             details(phase(0, one_, months(1) + " [discounts][0][coupon]=HALF")));
    EXPECT_EQ(now["total"], 1550);
    EXPECT_EQ(now["billing_reason"], "subscription_create");
    const Json later =
        preview("customer=" + customer_ +
                details(phase(0, two_, "[start_date]=" + seconds("2026-03-20") + " " + months(1))));
    EXPECT_EQ(later["total"], 6200);
    EXPECT_EQ(day_of(later["created"]), "2026-03-20");
    EXPECT_EQ(integer_of(sandbox_.get("/v1/coupons/HALF"), "times_redeemed"), 0);
    EXPECT_THAT(sandbox_.get("/v1/subscription_schedules")["data"], IsEmpty());
    EXPECT_THAT(sandbox_.new_events(), IsEmpty());
}

// Reference of discounts: if not specified, those of the subscription or customer; "" avoids any.
TEST_F(SchedulePreviewTest, DiscountsStandInForThoseOfThePhases) {
    for (const char* coupon : {"id=HALF&percent_off=50", "id=TENTH&percent_off=10"})
        sandbox_.post("/v1/coupons", std::string(coupon) + "&duration=forever");
    const Json schedule = create(phase(0, one_, months(2) + " [discounts][0][coupon]=HALF"));
    EXPECT_EQ(preview_of(schedule)["total"], 1550);
    const Json other = preview_of(schedule, "&discounts[0][coupon]=TENTH");
    EXPECT_EQ(other["total"], 2790);
    EXPECT_EQ(other["discounts"].size(), 1);
    EXPECT_EQ(preview_of(schedule, "&discounts=")["total"], 3100);
    EXPECT_EQ(integer_of(sandbox_.get("/v1/coupons/TENTH"), "times_redeemed"), 0);
    EXPECT_EQ(refusal("/v1/invoices/create_preview",
                      "schedule=" + text_of(schedule, "id") + "&discounts[0][coupon]=GONE"),
              "discounts[0][coupon]: No such coupon: 'GONE'");
}

TEST_F(SchedulePreviewTest, WorksOnTheRealClockToo) {
    customer_ = sandbox_.customer("pm_card_visa");
    const Json schedule = create(phase(0, one_, months(1)) + phase(1, two_, months(1)));
    EXPECT_EQ(preview_of(schedule)["total"], 6200);
    EXPECT_EQ(preview_of(schedule)["test_clock"], nullptr);
    EXPECT_EQ(get(schedule), schedule);
    // The customer lives on in the shared time.
    sandbox_.run_until(*parse_rfc3339("2026-04-01T12:00:00Z"));
    EXPECT_THAT(newest_lines(), ElementsAre(6200));
}

TEST_F(SchedulePreviewTest, RefusesWhatHasNoNextInvoice) {
    const Json ending = create("&end_behavior=cancel" + phase(0, one_, months(1)));
    const std::string path = "/v1/invoices/create_preview";
    const StripeError none = sandbox_.refused(path, "schedule=" + text_of(ending, "id"));
    EXPECT_EQ(none.http_status, 404);
    EXPECT_EQ(none.code, "invoice_upcoming_none");
    const Json released = sandbox_.post(path_of(ending) + "/release");
    const std::string id = text_of(released, "id");
    const std::string other = sandbox_.customer("");
    struct Case {
        const char* name;
        std::string form;
        std::string refusal;
    };
    const Case cases[] = {
        {"released", "schedule=" + id,
         ": You cannot preview a subscription schedule that is currently in the `released` "
         "status. It must be in `not_started, active` status to be previewed."},
        {"unknown", "schedule=sub_sched_x",
         "schedule: No such subscription_schedule: 'sub_sched_x'"},
        {"a subscription beside it", "schedule=" + id + "&subscription=sub_x",
         "schedule: You may only specify one of these parameters: schedule, subscription."},
        {"nobody", details(phase(0, one_, "")).substr(1),
         "customer: Missing required param: customer."},
        {"a phase without items",
         "customer=" + other + "&schedule_details[phases][0][end_date]=" + seconds("2026-05-01"),
         "schedule_details[phases][0][items]: Missing required param: "
         "schedule_details[phases][0][items]."},
        {"metadata", "customer=" + other + "&schedule_details[metadata][a]=b",
         "schedule_details[metadata]: Received unknown parameter: schedule_details[metadata]"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(refusal(path, c.form), c.refusal);
    }
    const Json open = create(phase(0, one_, months(1)));
    EXPECT_EQ(
        sandbox_.refused(path, "schedule=" + text_of(open, "id") + "&customer=" + other).param,
        "customer");
}

}  // namespace
}  // namespace turnpike::twin
