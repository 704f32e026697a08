#include "billing/routes/subscription_bodies.h"

#include <algorithm>
#include <utility>

#include "json/object_reader.h"
#include "payments/card_refusals.h"

namespace turnpike {
namespace {

constexpr std::size_t kCommentMax = 500;

std::optional<std::int64_t> read_quantity(ObjectReader& fields) {
    return fields.optional_integer("quantity", {.min = 1, .max = kQuantityMax});
}

TrialBody read_trial(ObjectReader& fields) {
    TrialBody trial;
    trial.days = fields.optional_integer("trial_days", {.min = 0, .max = kTrialDaysMax});
    trial.end = fields.optional_instant("trial_end");
    if (trial.days && trial.end)
        fields.complain("trial_end", "contradiction", "trial_days says the same; send one of them");
    const auto behavior = fields.optional_text("trial_end_behavior");
    if (!behavior) return trial;
    const auto known = parse_trial_end_behavior(*behavior);
    if (!known)
        fields.complain("trial_end_behavior", "wrong_value",
                        "must be cancel, pause or create_invoice");
    else if (!trial.end && trial.days.value_or(0) == 0)
        fields.complain("trial_end_behavior", "without_trial", "there is no trial to end");
    else
        trial.behavior = *known;
    return trial;
}

std::optional<PreviewId> read_preview_token(ObjectReader& fields) {
    const auto text = fields.optional_text("preview_token");
    if (!text) return std::nullopt;
    auto id = PreviewId::parse(*text);
    if (!id) fields.complain("preview_token", "wrong_value", "must be what a preview has answered");
    return id;
}

/// RFC 3339, or nothing after a complaint.
std::optional<Instant> date_in(ObjectReader& fields, const std::string& text,
                               const std::string& words) {
    const auto at = parse_rfc3339(text);
    if (!at) fields.complain("at", "wrong_value", "must be " + words + " or an RFC 3339 time");
    return at;
}

/// Whole seconds, as providers have them: what was named is what is shown.
std::optional<Instant> whole_seconds(const std::optional<Instant>& at) {
    if (!at) return std::nullopt;
    return from_unix_seconds(unix_seconds(*at));
}

}  // namespace

std::optional<TrialWish> trial_of(const TrialBody& body, Instant now) {
    if (body.end) return TrialWish{*body.end, body.behavior};
    if (body.days.value_or(0) == 0) return std::nullopt;
    const Instant from = from_unix_seconds(unix_seconds(now));
    return TrialWish{from + std::chrono::days(*body.days), body.behavior};
}

FirstPayment read_first_payment(ObjectReader& fields) {
    const auto behavior = fields.optional_text("payment_behavior").value_or("error_if_incomplete");
    if (behavior == "allow_incomplete") return FirstPayment::MayWait;
    if (behavior != "error_if_incomplete")
        fields.complain("payment_behavior", "wrong_value",
                        "must be error_if_incomplete or allow_incomplete");
    return FirstPayment::OrNothing;
}

Result<NewSubscriptionBody> read_new_subscription(const http::Request& request) {
    const auto json = request.json();
    if (!json) return failure(json);
    ObjectReader fields(*json);
    NewSubscriptionBody body;
    body.customer = fields.required_text("customer");
    body.offer = read_offer(fields);
    body.payment_method = fields.optional_text("payment_method");
    body.quantity = read_quantity(fields).value_or(1);
    body.trial = read_trial(fields);
    body.trial.end = whole_seconds(body.trial.end);
    body.provider = fields.optional_text("provider");
    body.first_payment = read_first_payment(fields);
    return fields.finish(std::move(body));
}

Error advice_on_start(Error refused, const StartAdvice& advice) {
    if (refused.reason == kAuthenticationRequired)
        refused.message.append("; ").append(advice.on_authentication);
    if (refused.reason == kMethodRequired) refused.message.append(": ").append(advice.method_field);
    return refused;
}

Result<ChangeBody> read_change(const http::Request& request, HeldToPreview held) {
    const auto json = request.json();
    if (!json) return failure(json);
    ObjectReader fields(*json);
    ChangeBody body;
    body.plan = fields.optional_text("plan", {.length_max = kPlanNameMax});
    body.interval = read_interval(fields);
    body.interval_count = read_interval_count(fields);
    body.currency = read_currency(fields);
    body.quantity = read_quantity(fields);
    const auto when = fields.optional_text("when");
    if (when == "now")
        body.when = ChangeWhen::Now;
    else if (when == "period_end")
        body.when = ChangeWhen::AtPeriodEnd;
    else if (when)
        fields.complain("when", "wrong_value", "must be now or period_end");
    if (held == HeldToPreview::IfNamed) body.preview = read_preview_token(fields);
    const bool changes =
        body.plan || body.interval || body.interval_count || body.currency || body.quantity;
    if (!changes && fields.complaints().empty())
        fields.complain("plan", "missing", "say what is to change: plan, interval or quantity");
    return fields.finish(std::move(body));
}

Result<CancelBody> read_cancel(const http::Request& request) {
    CancelBody body;
    if (request.body.empty()) return body;
    const auto json = request.json();
    if (!json) return failure(json);
    ObjectReader fields(*json);
    const auto at = fields.optional_text("at").value_or("period_end");
    if (at == "now") {
        body.when = CancelWhen::Now;
    } else if (at != "period_end") {
        body.when = CancelWhen::OnDate;
        body.at = whole_seconds(date_in(fields, at, "period_end, now"));
    }
    body.comment = fields.optional_free_text("comment", {.length_max = kCommentMax});
    body.feedback = fields.optional_text("feedback");
    if (body.feedback &&
        std::ranges::find(kCancelFeedbacks, *body.feedback) == kCancelFeedbacks.end())
        fields.complain("feedback", "wrong_value",
                        "must be customer_service, low_quality, missing_features, other, "
                        "switched_service, too_complex, too_expensive or unused");
    return fields.finish(std::move(body));
}

Result<Pause> read_pause(const http::Request& request) {
    Pause pause;
    if (request.body.empty()) return pause;
    const auto json = request.json();
    if (!json) return failure(json);
    ObjectReader fields(*json);
    if (const auto text = fields.optional_text("behavior")) {
        const auto behavior = parse_pause_behavior(*text);
        if (behavior)
            pause.behavior = *behavior;
        else
            fields.complain("behavior", "wrong_value",
                            "must be void, keep_as_draft or mark_uncollectible");
    }
    pause.resumes_at = whole_seconds(fields.optional_instant("resumes_at"));
    return fields.finish(pause);
}

Result<std::optional<Instant>> read_trial_end(const http::Request& request) {
    std::optional<Instant> end;
    if (request.body.empty()) return end;
    const auto json = request.json();
    if (!json) return failure(json);
    ObjectReader fields(*json);
    const auto at = fields.optional_text("at").value_or("now");
    if (at != "now") end = whole_seconds(date_in(fields, at, "now"));
    return fields.finish(end);
}

Result<std::optional<std::string>> read_reactivation(const http::Request& request) {
    std::optional<std::string> method;
    if (request.body.empty()) return method;
    const auto json = request.json();
    if (!json) return failure(json);
    ObjectReader fields(*json);
    method = fields.optional_text("payment_method");
    return fields.finish(std::move(method));
}

}  // namespace turnpike
