#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <rapidcheck.h>

#include "base/decimal.h"
#include "base/id.h"
#include "base/time.h"
#include "metering/correction.h"
#include "metering/counter.h"
#include "metering/usage_event.h"
#include "metering/window_calendar.h"

namespace turnpike::testing {

/// What any store of usage must say: a list of all accepted events, from which every figure is
/// counted anew each time. Slow and plain. It knows no identities, and no window that is older than
/// one it was shown before.
class UsageModel {
public:
    struct Figures {
        Quantity used;
        std::optional<Quantity> hard_limit;
    };

    /// Records the event, if all of its counts fit. In the order of arrival.
    bool record(const CustomerId& customer, std::span<const UsageCount> counts, Instant time) {
        const bool all_fit = std::ranges::all_of(counts, [&](const UsageCount& count) {
            auto events = events_of(customer, *count.window);
            const Figures before = figures(customer, *count.window, time);
            events.push_back({time, count.value, count.unique, count.window.get()});
            const Quantity after = used(events, time);
            return after <= before.used || after <= before.hard_limit.value_or(kMaxQuantity);
        });
        if (all_fit) recorded_.push_back({customer.text(), {counts.begin(), counts.end()}, time});
        return all_fit;
    }

    /// Events so far that were let in; the next one has this number.
    [[nodiscard]] std::size_t events() const { return recorded_.size(); }

    /// Corrects the event of this number. \return "", or why not
    std::string correct(std::size_t number, const Correction& correction, Instant moment) {
        Recorded& event = recorded_[number];
        const bool is_amend = correction.kind == Correction::Kind::Amend;
        if (event.is_voided) return "already_voided";
        std::set<Quantity> measured;
        for (const UsageCount& count : event.counts)
            if (is_measured(count)) measured.insert(count.value);
        if (is_amend && measured.size() != 1) return "not_amendable";
        const CustomerId customer = CustomerId::trusted(event.customer);
        std::vector<std::vector<Event>> before;
        for (const UsageCount& count : event.counts)
            before.push_back(events_of(customer, *count.window));
        const Recorded was = event;
        event.is_voided = !is_amend;
        for (UsageCount& count : event.counts)
            if (is_amend && is_measured(count)) count.value = correction.quantity;
        for (std::size_t i = 0; is_amend && i < event.counts.size(); ++i)
            if (!is_let_in(before[i], events_of(customer, *event.counts[i].window), moment)) {
                event = was;
                return "limit_exceeded";
            }
        return "";
    }

    /// What the window's counter shows at `moment`, once it is under the window's allowance.
    [[nodiscard]] Figures figures(const CustomerId& customer, const UsageWindow& window,
                                  Instant moment) const {
        const auto events = events_of(customer, window);
        return {used(events, moment), hard_limit(events, window)};
    }

private:
    struct Recorded {
        std::string customer;
        std::vector<UsageCount> counts;  ///< as they are now
        Instant time;
        bool is_voided = false;
    };
    /// What one event did to one counter.
    struct Event {
        Instant time;
        Quantity value;
        std::uint64_t unique;
        const UsageWindow* window;
        bool is_voided = false;
    };
    /// Used under one allowance.
    struct Stretch {
        const UsageWindow* window;
        Quantity used;
    };

    [[nodiscard]] std::vector<Event> events_of(const CustomerId& customer,
                                               const UsageWindow& window) const {
        std::vector<Event> events;
        for (const Recorded& recorded : recorded_)
            for (const UsageCount& count : recorded.counts) {
                const UsageWindow& other = *count.window;
                if (recorded.customer == customer.text() && other.contract == window.contract &&
                    other.meter_key == window.meter_key && other.reset == window.reset &&
                    other.period.start == window.period.start)
                    events.push_back(
                        {recorded.time, count.value, count.unique, &other, recorded.is_voided});
            }
        return events;
    }

    static bool is_measured(const UsageCount& count) {
        using enum Meter::Aggregation;
        const auto aggregation = count.window->aggregation;
        return aggregation != Count && aggregation != Unique;
    }

    static Quantity used(std::span<const Event> events, Instant moment) {
        if (events.empty()) return {};
        const UsageWindow& window = *events.front().window;
        if (window.reset.kind == Reset::Kind::Rolling) return used_lately(events, moment);
        Quantity sum, most, least = kMaxQuantity;
        const Event* last = nullptr;
        std::set<std::uint64_t> different;
        for (const Event& event : events) {
            if (event.is_voided) continue;
            sum = sum + event.value;
            most = std::max(most, event.value);
            least = std::min(least, event.value);
            if (last == nullptr || event.time >= last->time) last = &event;
            different.insert(event.unique);
        }
        switch (window.aggregation) {
            case Meter::Aggregation::Sum:
            case Meter::Aggregation::Count: return sum;
            case Meter::Aggregation::Max: return most;
            case Meter::Aggregation::Min: return last == nullptr ? Quantity{} : least;
            case Meter::Aggregation::Last: return last == nullptr ? Quantity{} : last->value;
            case Meter::Aggregation::Unique:
                return Quantity::whole(static_cast<std::int64_t>(different.size()));
        }
        return {};
    }

    static Quantity used_lately(std::span<const Event> events, Instant moment) {
        const auto hours = events.front().window->reset.hours;
        const Duration step =
            hours <= 24 ? Duration(std::chrono::minutes(1)) : std::chrono::hours(1);
        for (const Event& event : events) moment = std::max(moment, event.time - kEventSkewMax);
        const Instant start = moment - std::chrono::hours(hours);
        Quantity sum;
        for (const Event& event : events) {
            const Instant end_of_step = event.time - event.time.time_since_epoch() % step + step;
            if (end_of_step > start && !event.is_voided) sum = sum + event.value;
        }
        return sum;
    }

    static std::optional<Quantity> hard_limit(std::span<const Event> events,
                                              const UsageWindow& window) {
        if (falls(window)) return limit_after({}, window);
        auto stretches = stretches_of(events);
        if (!stretches.empty() && stretches.back().window->plan_version == window.plan_version)
            stretches.pop_back();
        const auto limit = limit_after(stretches, window);
        // A void may leave more: what a later plan let in beside what is gone.
        return limit ? std::max(*limit, used(events, {})) : limit;
    }

    static bool falls(const UsageWindow& window) {
        return window.reset.kind == Reset::Kind::Rolling ||
               window.aggregation == Meter::Aggregation::Min ||
               window.aggregation == Meter::Aggregation::Last;
    }

    static std::vector<Stretch> stretches_of(std::span<const Event> events) {
        std::vector<Stretch> stretches;
        for (std::size_t i = 0; i < events.size(); ++i) {
            const UsageWindow* under = events[i].window;
            if (stretches.empty() || stretches.back().window->plan_version != under->plan_version)
                stretches.push_back({under, {}});
            const Quantity rise = used(events.first(i + 1), {}) - used(events.first(i), {});
            stretches.back().used = stretches.back().used + rise;
        }
        return stretches;
    }

    /// Whether an amend may lead from `before` to `after`: what it raises by the end of any plan is
    /// no more than that plan lets in.
    static bool is_let_in(std::span<const Event> before, std::span<const Event> after,
                          Instant moment) {
        const UsageWindow& newest = *after.back().window;
        if (falls(newest)) {
            const Quantity now = used(after, moment);
            return now <= used(before, moment) ||
                   now <= limit_after({}, newest).value_or(kMaxQuantity);
        }
        const auto stretches = stretches_of(after), were = stretches_of(before);
        Quantity until, was;
        for (std::size_t i = 0; i < stretches.size(); ++i) {
            until = until + stretches[i].used;
            was = was + were[i].used;
            const auto limit = limit_after(std::span(stretches).first(i), *stretches[i].window);
            if (until > was && until > limit.value_or(kMaxQuantity)) return false;
        }
        return true;
    }

    /// In millionths of units and billionths of money, of which a product has 10^15 to one.
    static std::optional<Quantity> limit_after(std::span<const Stretch> before,
                                               const UsageWindow& window) {
        Int128 used = 0, covered = 0, spent = 0;
        for (const Stretch& stretch : before) {
            const Int128 units = stretch.used.scaled();
            const Int128 left = std::max<Int128>(0, stretch.window->included.scaled() - covered);
            const Int128 overage = std::max<Int128>(0, units - left);
            const auto& price = stretch.window->overage_unit_price;
            if (price) spent += overage * price->scaled();
            covered += units - overage;
            used += units;
        }
        Int128 limit = used + std::max<Int128>(0, window.included.scaled() - covered);
        if (const auto& price = window.overage_unit_price) {
            if (!window.overage_cap || price->scaled() == 0) return std::nullopt;
            const Int128 money = Int128{window.overage_cap->scaled()} * 1'000'000 - spent;
            limit += std::max<Int128>(0, money) / price->scaled();
        }
        const Int128 most = std::min<Int128>(limit, kMaxQuantity.scaled());
        return Quantity::from_scaled(static_cast<std::int64_t>(most));
    }

    std::vector<Recorded> recorded_;
};

/// A meter for each aggregation, under allowances of every kind.
inline const std::vector<CountRule>& model_rules() {
    static const std::vector<CountRule> rules = [] {
        std::vector<CountRule> all;
        using enum Meter::Aggregation;
        for (const char* reset : {"billing_period", "day", "week", "month", "lifetime"})
            for (const auto aggregation : {Sum, Count, Max, Min, Last, Unique})
                all.push_back({aggregation, *parse_reset(reset)});
        for (const char* reset : {"rolling_1h", "rolling_2d"})
            for (const auto aggregation : {Sum, Count})
                all.push_back({aggregation, *parse_reset(reset)});
        return all;
    }();
    return rules;
}

/// The allowance that plan `number`, from 0 to kModelPlans - 1, gives of the rule's meter: blocked,
/// billed, billed up to a cap, or allowed. Without contract, period, and revision.
inline constexpr int kModelPlans = 4;
inline UsageWindow model_window(const CountRule& rule, int number) {
    UsageWindow window{.contract = std::nullopt,
                       .meter_key = "meter_" + std::to_string(static_cast<int>(rule.aggregation)),
                       .aggregation = rule.aggregation,
                       .reset = rule.reset,
                       .plan_version = PlanVersionId::trusted("plan_" + std::to_string(number)),
                       .included = Quantity::whole(5 + 4 * number)};
    if (number == 3) window.overage_unit_price = UnitPrice{};
    if (number == 1 || number == 2) window.overage_unit_price = UnitPrice::parse("0.3");
    if (number == 2) window.overage_cap = UnitPrice::whole(2);  // pays for 6.666666 units
    return window;
}

// Monday, 2024-09-02T00:00:00Z.
inline const Instant kModelStart = from_unix_seconds(1'725'235'200);
inline const Period kModelMonth{from_unix_seconds(1'725'148'800), from_unix_seconds(1'727'740'800)};

/// A customer whose plan changes now and then.
struct Buyer {
    CustomerId id;
    int plan = 0;
    std::int64_t revision = 0;

    [[nodiscard]] UsageWindow window(const CountRule& rule, Instant time) const {
        auto window = model_window(rule, plan);
        window.period = window_at(rule.reset, kModelMonth, time);
        window.revision = revision;
        return window;
    }
};

/// So few that their counters meet many events.
inline std::vector<CountRule> any_rules() {
    const auto& all = model_rules();
    std::vector<CountRule> rules;
    for (const auto rule : *rc::gen::unique<std::vector<std::size_t>>(
             3, rc::gen::inRange<std::size_t>(0, all.size())))
        rules.push_back(all[rule]);
    return rules;
}

/// One count or more, of these rules; often of one quantity, as the property of one event is.
inline std::vector<UsageCount> any_counts(const Buyer& buyer, const std::vector<CountRule>& rules,
                                          Instant time) {
    std::vector<UsageCount> counts;
    const auto first = *rc::gen::inRange<std::size_t>(0, rules.size());
    const auto any_millionths = [] {
        return *rc::gen::element<std::int64_t>(0, 500'000, 1'000'000, 3'000'001);
    };
    const auto measured = any_millionths();
    const bool is_one_quantity = *rc::gen::arbitrary<bool>();
    for (const CountRule& rule : std::span(rules).subspan(first)) {
        const bool is_unique = rule.aggregation == Meter::Aggregation::Unique;
        const bool is_one = rule.aggregation == Meter::Aggregation::Count || is_unique;
        const auto millionths = is_one_quantity ? measured : any_millionths();
        counts.push_back({std::make_shared<const UsageWindow>(buyer.window(rule, time)),
                          is_one ? Quantity::whole(1) : Quantity::from_scaled(millionths),
                          is_unique ? *rc::gen::inRange<std::uint64_t>(0, 12) : 0});
    }
    return counts;
}

/// A correction of an event that has this name.
inline Correction any_correction(std::string source, std::string id) {
    const bool is_void = *rc::gen::arbitrary<bool>();
    const auto millionths = *rc::gen::element<std::int64_t>(0, 500'000, 2'000'000, 4'000'000);
    return {is_void ? Correction::Kind::Void : Correction::Kind::Amend, std::move(source),
            std::move(id), is_void ? Quantity{} : Quantity::from_scaled(millionths)};
}

}  // namespace turnpike::testing
