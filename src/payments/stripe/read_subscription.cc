#include "json/value.h"
#include "payments/reply_reader.h"
#include "payments/stripe/read_discounts.h"
#include "payments/stripe/translate.h"

namespace turnpike::stripe {
namespace {

/// Since basil the period is the item's; before, the subscription's.
Period read_period(ReplyReader& subscription, ReplyReader& item) {
    const auto start = item.maybe_instant("current_period_start");
    const auto end = item.maybe_instant("current_period_end");
    if (start && end) return {*start, *end};
    return {subscription.instant("current_period_start"),
            subscription.instant("current_period_end")};
}

const Json* first_item(const ReplyReader& subscription) {
    const Json* items = subscription.object("items");
    if (items == nullptr) return nullptr;
    const auto data = items->find("data");
    if (data == items->end() || !data->is_array() || data->empty()) return nullptr;
    return &data->front();
}

void read_pause(ReplyReader& subscription, ProviderSubscription& read) {
    const Json* object = subscription.object("pause_collection");
    if (object == nullptr) return;
    ReplyReader pause(*object, "subscription.pause_collection");
    read.pause =
        ProviderPause{pause.maybe_text("behavior").value_or(""), pause.maybe_instant("resumes_at")};
}

void read_trial(ReplyReader& subscription, ProviderSubscription& read) {
    read.trial_start = subscription.maybe_instant("trial_start");
    read.trial_end = subscription.maybe_instant("trial_end");
    const Json* settings = subscription.object("trial_settings");
    if (settings == nullptr) return;
    const Json* behavior = ReplyReader(*settings, "trial_settings").object("end_behavior");
    if (behavior == nullptr) return;
    read.trial_end_behavior =
        ReplyReader(*behavior, "end_behavior").maybe_text("missing_payment_method");
}

void read_why(ReplyReader& subscription, ProviderSubscription& read) {
    const Json* object = subscription.object("cancellation_details");
    if (object == nullptr) return;
    ReplyReader details(*object, "subscription.cancellation_details");
    read.cancel_comment = details.maybe_text("comment");
    read.cancel_feedback = details.maybe_text("feedback");
}

std::optional<ProviderPlannedChange> read_phase(const Json& object) {
    ReplyReader phase(object, "phase");
    const auto start = phase.maybe_instant("start_date");
    const Json* items = phase.array("items");
    if (!start || items == nullptr || items->empty()) return std::nullopt;
    ReplyReader item(items->front(), "phase.items[0]");
    const auto price = item.maybe_reference("price");
    if (!price) return std::nullopt;
    return ProviderPlannedChange{*price, item.maybe_integer("quantity").value_or(1), *start};
}

/// The first phase after the running one that sells something else.
void read_planned(ReplyReader& subscription, ProviderSubscription& read) {
    const Json* object = subscription.object("schedule");
    if (object == nullptr) {
        read.has_unread_plan = subscription.maybe_text("schedule").has_value();
        return;
    }
    ReplyReader schedule(*object, "subscription.schedule");
    const Json* current = schedule.object("current_phase");
    const Json* phases = schedule.array("phases");
    if (schedule.maybe_text("status") != "active" || current == nullptr || phases == nullptr)
        return;
    const auto end = ReplyReader(*current, "current_phase").maybe_instant("end_date");
    for (const Json& phase : *phases) {
        auto planned = read_phase(phase);
        if (!planned || !end || planned->at < *end) continue;
        if (planned->price != read.price || planned->quantity != read.quantity)
            read.planned = std::move(planned);
        return;
    }
}

}  // namespace

Result<ProviderSubscription> read_subscription(const Json& object) {
    ReplyReader fields(object, "subscription");
    ProviderSubscription read;
    read.id = fields.text("id");
    read.customer = fields.reference("customer");
    read.status = fields.text("status");
    read.cancel_at_period_end = fields.flag("cancel_at_period_end");
    read.cancel_at = fields.maybe_instant("cancel_at");
    read.canceled_at = fields.maybe_instant("canceled_at");
    read.ended_at = fields.maybe_instant("ended_at");
    read.started_at = fields.instant("start_date");
    read.latest_invoice = fields.maybe_reference("latest_invoice");
    read.metadata = fields.texts("metadata");
    read_trial(fields, read);
    read_pause(fields, read);
    read_why(fields, read);
    if (!read.ended_at) read.discounts = read_discounts(object);

    const Json* first = first_item(fields);
    if (first == nullptr) {
        fields.complain("subscription.items is empty");
        return fields.finish(std::move(read));
    }
    ReplyReader item(*first, "subscription.items[0]");
    read.item = item.text("id");
    read.quantity = item.maybe_integer("quantity").value_or(1);  // metered prices have none
    const auto price = item.maybe_reference("price");
    read.price = price ? *price : item.reference("plan");
    read.period = read_period(fields, item);
    read_planned(fields, read);
    if (read.period.end < read.period.start) item.complain("subscription period runs backwards");
    if (read.cancel_at && *read.cancel_at == read.period.end) read.cancel_at_period_end = true;
    if (item.complained()) return item.finish(std::move(read));
    return fields.finish(std::move(read));
}

}  // namespace turnpike::stripe
