#include <cstdint>
#include <utility>

#include "payments/errors.h"
#include "payments/reply_reader.h"
#include "payments/stripe/provider.h"
#include "payments/stripe/subscription_writes.h"
#include "payments/stripe/translate.h"

/// Changes at the end of a period: Stripe does them by a schedule that manages the subscription.
namespace turnpike::stripe {
namespace {

constexpr std::string_view kSchedules = "/v1/subscription_schedules";

asio::awaitable<Result<Json>> get_with_schedule(StripeExchange& exchange, std::string id) {
    co_return co_await exchange.get("/v1/subscriptions/" + id, kWithSchedule);
}

/// The schedule that manages the subscription, made on first need.
asio::awaitable<Result<Json>> schedule_of(StripeExchange& exchange, const Json& subscription,
                                          std::string obligation) {
    if (const Json* schedule = ReplyReader(subscription, "subscription").object("schedule"))
        co_return *schedule;
    const auto id = read_id(subscription);
    if (!id) co_return failure(id);
    Form form;
    form.add("from_subscription", *id);
    Write write{.obligation = obligation + ":schedule",
                .path = std::string(kSchedules),
                .parameters = form.text()};
    co_return co_await exchange.write_afresh(std::move(write), std::string(kSchedules));
}

/// \param owner  what has the discounts, `part` what is to have them; nullptr: nothing
void keep_discounts_of(Form& form, const Json* owner, const std::string& part) {
    const Json* discounts = owner ? ReplyReader(*owner, "discounted").array("discounts") : nullptr;
    if (discounts == nullptr) return;
    std::size_t number = 0;
    for (const Json& discount : *discounts)
        if (discount.is_string())
            form.add(part + "[discounts][" + std::to_string(number++) + "][discount]",
                     discount.get<std::string>());
}

/// Discounts that the subscription and its item have, named again: a phase without any takes them
/// away.
void keep_discounts(Form& form, const Json& subscription, const std::string& phase) {
    static const Json::json_pointer kItem("/items/data/0");
    keep_discounts_of(form, &subscription, phase);
    keep_discounts_of(form, subscription.contains(kItem) ? &subscription.at(kItem) : nullptr,
                      phase + "[items][0]");
}

void add_item(Form& form, const std::string& phase, const std::string& price,
              std::int64_t quantity) {
    form.add(phase + "[items][0][price]", price).add(phase + "[items][0][quantity]", quantity);
    form.add(phase + "[proration_behavior]", "none");
}

/// How long the cycle of a price is: in months, or else in days; in neither where its interval or
/// count is none of Stripe's.
struct CycleLength {
    std::int64_t months = 0;
    std::int64_t days = 0;
};

CycleLength cycle_of(const ProviderPrice& price) {
    constexpr std::int64_t kCountMax = 36'500;
    const std::int64_t count = price.interval_count;
    if (count < 1 || count > kCountMax) return {};
    if (price.interval == "year") return {.months = 12 * count};
    if (price.interval == "month") return {.months = count};
    if (price.interval == "week") return {.days = 7 * count};
    if (price.interval == "day") return {.days = count};
    return {};
}

bool is_on_trial(const ProviderSubscription& subscription) {
    return subscription.status == "trialing" && subscription.trial_end;
}

/// Which cycle the planned change begins with. Stripe keeps the anchor: a running cycle of the new
/// length would go on that began with the period which ends now, and since nothing is prorated
/// nobody would be charged for the rest of it. Where the old cycles are whole numbers of the new
/// ones, one begins there anyway, and the renewal bills it. So does the end of a trial: asked for a
/// cycle of its own, Stripe would bill that also without a card.
enum class FirstCycle : bool { Follows, BeginsAnew };

FirstCycle first_cycle(const ProviderSubscription& now, const CycleLength& old,
                       const CycleLength& next) {
    const bool follows = is_on_trial(now) ||
                         (next.months > 0 && old.months > 0 && old.months % next.months == 0) ||
                         (next.days > 0 && old.days > 0 && old.days % next.days == 0);
    return follows ? FirstCycle::Follows : FirstCycle::BeginsAnew;
}

/// The price that is paid now, as the subscription shows it.
Result<ProviderPrice> running_price(const Json& subscription) {
    static const Json::json_pointer kPrice("/items/data/0/price");
    if (!subscription.contains(kPrice)) return unexpected_reply("a subscription without a price");
    return read_price(subscription.at(kPrice));
}

/// Until the end of the running period what runs, from then on what is planned.
Result<Form> two_phases(const Json& object, const ProviderSubscription& now, const Json& schedule,
                        const SubscriptionPlan& plan, FirstCycle cycle) {
    const Json* current = ReplyReader(schedule, "schedule").object("current_phase");
    if (current == nullptr) return unexpected_reply("a schedule without a running phase");
    ReplyReader phase(*current, "schedule.current_phase");
    const auto start = phase.instant("start_date");
    Form form;
    form.add("end_behavior", "release").add("proration_behavior", "none");
    add_item(form, "phases[0]", now.price, now.quantity);
    form.add("phases[0][start_date]", unix_seconds(start));
    form.add("phases[0][end_date]", unix_seconds(now.period.end));
    if (is_on_trial(now)) form.add("phases[0][trial_end]", unix_seconds(*now.trial_end));
    keep_discounts(form, object, "phases[0]");
    add_item(form, "phases[1]", plan.price, plan.quantity);
    if (cycle == FirstCycle::BeginsAnew) form.add("phases[1][billing_cycle_anchor]", "phase_start");
    keep_discounts(form, object, "phases[1]");
    form.add_metadata(last_change(plan.obligation));
    return phase.finish(std::move(form));
}

}  // namespace

asio::awaitable<Result<std::monostate>> release_schedule(StripeExchange& exchange,
                                                         std::string obligation,
                                                         std::string subscription) {
    const auto object = co_await get_with_schedule(exchange, subscription);
    if (!object) co_return failure(object);
    const auto schedule = ReplyReader(*object, "subscription").maybe_reference("schedule");
    if (!schedule) co_return std::monostate{};
    const auto id = path_segment(*schedule, no_such("subscription schedule"));
    if (!id) co_return failure(id);
    Write write{.obligation = std::move(obligation) + ":release:" + *id,
                .path = std::string(kSchedules) + "/" + *id + "/release",
                .parameters = ""};
    const auto released = co_await exchange.write(std::move(write));
    if (!released) co_return failure(released);
    co_return std::monostate{};
}

asio::awaitable<Result<ProviderSubscription>> Provider::plan_change(SubscriptionPlan request) {
    const auto id = path_segment(request.subscription, no_such("subscription"));
    if (!id) co_return failure(id);
    const auto planned_price = co_await get_price(request.price);
    if (!planned_price) co_return failure(planned_price);
    // Read last: what somebody else changes before the phases are written is undone by them.
    const auto object = co_await get_with_schedule(*exchange_, *id);
    if (!object) co_return failure(object);
    const auto now = read_subscription(*object);
    if (!now) co_return failure(now);
    const auto running = running_price(*object);
    if (!running) co_return failure(running);
    const auto cycle = first_cycle(*now, cycle_of(*running), cycle_of(*planned_price));
    const auto schedule = co_await schedule_of(*exchange_, *object, request.obligation);
    if (!schedule) co_return failure(schedule);
    const auto schedule_id = read_id(*schedule);
    if (!schedule_id) co_return failure(schedule_id);
    const auto form = two_phases(*object, *now, *schedule, request, cycle);
    if (!form) co_return failure(form);
    Write write{.obligation = request.obligation,
                .path = std::string(kSchedules) + "/" + *schedule_id,
                .parameters = form->text()};
    const auto planned = co_await exchange_->write(std::move(write));
    if (!planned) co_return failure(planned);
    co_return co_await get_subscription(*id);
}

asio::awaitable<Result<ProviderSubscription>> Provider::drop_planned_change(
    std::string obligation, std::string subscription) {
    const auto id = path_segment(subscription, no_such("subscription"));
    if (!id) co_return failure(id);
    const auto released = co_await release_schedule(*exchange_, std::move(obligation), *id);
    if (!released) co_return failure(released);
    co_return co_await get_subscription(*id);
}

}  // namespace turnpike::stripe
