#include "json/value.h"
#include "payments/reply_reader.h"
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
    if (read.period.end < read.period.start) item.complain("subscription period runs backwards");
    if (read.cancel_at && *read.cancel_at == read.period.end) read.cancel_at_period_end = true;
    if (item.complained()) return item.finish(std::move(read));
    return fields.finish(std::move(read));
}

}  // namespace turnpike::stripe
