#include "metering/log/state/usage_state.h"

#include <map>
#include <memory>
#include <utility>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace turnpike {
namespace {

const Instant kStart = from_unix_seconds(1'725'148'800);
const Period kMonth{kStart, from_unix_seconds(1'727'740'800)};
const Period kNext{kMonth.end, from_unix_seconds(1'730'419'200)};

UsageWindow window(const char* version, std::int64_t included, const char* price,
                   const Period& period = kMonth) {
    std::optional<UnitPrice> unit_price;
    if (price != nullptr) unit_price = UnitPrice::parse(price);
    return {.contract = std::nullopt,
            .meter_key = "api_calls",
            .period = period,
            .plan_version = PlanVersionId::trusted(version),
            .included = Quantity::whole(included),
            .overage_unit_price = unit_price};
}

/// A use that owns what it counts.
struct OwnedUse {
    std::string customer;
    std::vector<UsageCount> counts;
    operator Use() const {  // NOLINT(google-explicit-constructor): one is as good as the other
        return {.customer = customer,
                .source = "test",
                .id = "e1",
                .counts = counts,
                .time = kStart,
                .latency_us = {},
                .content = 1};
    }
};

OwnedUse use(UsageWindow where, std::int64_t units, std::string customer = "cus_a",
             std::string meter = "api_calls") {
    where.meter_key = std::move(meter);
    return {std::move(customer),
            {{std::make_shared<const UsageWindow>(std::move(where)), Quantity::whole(units)}}};
}

/// What another process knows that has read `records`.
UsageState replayed(std::string_view records) {
    UsageState state;
    RecordReader reader(records);
    while (const auto record = reader.next()) {
        const auto applied = state.apply(*record);
        EXPECT_TRUE(applied) << applied.error().message;
    }
    EXPECT_FALSE(reader.is_bad());
    return state;
}

std::string snapshot_of(const UsageState& state) {
    std::string all;
    EXPECT_TRUE(state.write_snapshot([&](std::string_view records) {
        all += records;
        return Result<std::monostate>();
    }));
    return all;
}

void expect_same(const std::optional<Counter>& a, const std::optional<Counter>& b) {
    ASSERT_EQ(a.has_value(), b.has_value());
    if (!a) return;
    EXPECT_EQ(a->contract, b->contract);
    EXPECT_EQ(a->period, b->period);
    EXPECT_EQ(a->used, b->used);
    EXPECT_EQ(a->hard_limit, b->hard_limit);
    ASSERT_EQ(a->segments.size(), b->segments.size());
    for (std::size_t i = 0; i < a->segments.size(); ++i) {
        EXPECT_EQ(a->segments[i].plan_version, b->segments[i].plan_version);
        EXPECT_EQ(a->segments[i].from_used, b->segments[i].from_used);
        EXPECT_EQ(a->segments[i].included, b->segments[i].included);
        EXPECT_EQ(a->segments[i].overage_unit_price, b->segments[i].overage_unit_price);
    }
}

TEST(UsageState, StopsAtAHardLimitAndADenialLeavesNoTrace) {
    UsageState state;
    std::string records;
    const auto free = window("free", 100, nullptr);
    state.begin_arrival(kStart);
    EXPECT_EQ(state.count(use(free, 101), records), Counted::LimitExceeded);
    EXPECT_TRUE(records.empty());
    EXPECT_FALSE(state.counter({"cus_a", ""}, "api_calls", kStart));
    EXPECT_EQ(state.count(use(free, 99), records), Counted::Accepted);
    const auto written = records.size();
    EXPECT_EQ(state.count(use(free, 2), records), Counted::LimitExceeded);
    EXPECT_EQ(records.size(), written);
    EXPECT_EQ(state.count(use(free, 1), records), Counted::Accepted);
    EXPECT_EQ(state.counter({"cus_a", ""}, "api_calls", kStart)->used, Quantity::whole(100));
    EXPECT_EQ(state.events(), 2U);
}

TEST(UsageState, APlanChangeStartsASegmentAtTheNextUse) {
    UsageState state;
    std::string records;
    state.begin_arrival(kStart);
    const auto starter = window("starter", 1'000, "0.03"), pro = window("pro", 10'000, "0.02");
    EXPECT_EQ(state.count(use(starter, 1'200), records), Counted::Accepted);
    EXPECT_EQ(state.count(use(pro, 50), records), Counted::Accepted);
    const auto counter = state.counter({"cus_a", ""}, "api_calls", kStart);
    ASSERT_EQ(counter->segments.size(), 2U);
    EXPECT_EQ(counter->segments[1].from_used, Quantity::whole(1'200));
    EXPECT_EQ(counter->segments[1].included, Quantity::whole(10'000));
    expect_same(counter, replayed(records).counter({"cus_a", ""}, "api_calls", kStart));
}

/// A window that was looked up before a change of plan, and used after the new plan was.
TEST(UsageState, AnOlderWindowDoesNotBringItsAllowanceBack) {
    UsageState state;
    std::string records;
    state.begin_arrival(kStart);
    const auto at = [](UsageWindow where, std::int64_t revision) {
        where.revision = revision;
        return where;
    };
    const auto pro = window("pro", 10'000, "0.02"), free = window("free", 100, nullptr);
    EXPECT_EQ(state.count(use(at(pro, 1), 10), records), Counted::Accepted);
    EXPECT_EQ(state.count(use(at(free, 2), 10), records), Counted::Accepted);
    EXPECT_EQ(state.count(use(at(pro, 1), 200), records), Counted::LimitExceeded);
    EXPECT_EQ(state.count(use(at(pro, 1), 5), records), Counted::Accepted) << "under free";
    // The same plan again is newer than what lay between.
    EXPECT_EQ(state.count(use(at(pro, 3), 5), records), Counted::Accepted);
    EXPECT_EQ(state.count(use(at(pro, 5), 5), records), Counted::Accepted);
    EXPECT_EQ(state.count(use(at(free, 4), 5), records), Counted::Accepted) << "under pro";
    const UsageState again = replayed(records), loaded = replayed(snapshot_of(state));
    for (const UsageState* each : {&std::as_const(state), &again, &loaded}) {
        const auto counter = each->counter({"cus_a", ""}, "api_calls", kStart);
        ASSERT_EQ(counter->segments.size(), 3U);
        EXPECT_EQ(counter->used, Quantity::whole(40));
        EXPECT_EQ(counter->segments[1].from_used, Quantity::whole(10));
        EXPECT_EQ(counter->segments[2].from_used, Quantity::whole(25));
        EXPECT_EQ(each->counters_in(use(at(free, 4), 0)).at(0).segments.size(), 3U);
        EXPECT_EQ(each->counters_in(use(at(free, 6), 0)).at(0).segments.size(), 4U);
    }
}

/// However late windows come, segments begin in the order of the contract's revisions.
RC_GTEST_PROP(UsageStateProperties, SegmentsFollowTheRevisions, ()) {
    // Revision r has the plan r % 3; a plan's name tells nothing of its age.
    const char* const versions[] = {"a", "b", "c"};
    UsageState state;
    std::string records;
    state.begin_arrival(kStart);
    std::int64_t newest = -1;
    std::vector<std::string> expected;
    for (const auto revision :
         *rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(0, 12))) {
        auto where = window(versions[revision % 3], 1'000'000, "0.02");
        where.revision = revision;
        RC_ASSERT(state.count(use(where, 1), records) == Counted::Accepted);
        if (revision <= newest) continue;
        newest = revision;
        const std::string version = versions[revision % 3];
        if (expected.empty() || expected.back() != version) expected.push_back(version);
    }
    const UsageState again = replayed(records), loaded = replayed(snapshot_of(state));
    for (const UsageState* each : {&std::as_const(state), &again, &loaded}) {
        std::vector<std::string> segments;
        if (const auto counter = each->counter({"cus_a", ""}, "api_calls", kStart))
            for (const auto& segment : counter->segments)
                segments.push_back(segment.plan_version.text());
        RC_ASSERT(segments == expected);
    }
}

TEST(UsageState, ASnapshotHasNoEmptyPiece) {
    UsageState state;
    const std::string long_name(UsageState::kSnapshotPieceBytes, 'p');
    ASSERT_TRUE(state.apply(NameRecord{NameTable::Source, long_name}));
    std::size_t bytes = 0;
    ASSERT_TRUE(state.write_snapshot([&](std::string_view records) {
        EXPECT_FALSE(records.empty());
        bytes += records.size();
        return Result<std::monostate>();
    }));
    EXPECT_GT(bytes, long_name.size());
}

TEST(UsageState, TellsTheBillingPeriodsOfASpan) {
    UsageState state;
    std::string records;
    const auto september = window("pro", 10, "0.02"), october = window("pro", 10, "0.02", kNext);
    auto day = september;
    day.reset = {Reset::Kind::Day};
    state.begin_arrival(kStart);
    EXPECT_EQ(state.count(use(october, 4), records), Counted::Accepted);
    EXPECT_EQ(state.count(use(september, 3), records), Counted::Accepted);
    EXPECT_EQ(state.count(use(day, 1), records), Counted::Accepted);
    EXPECT_EQ(state.count(use(september, 1, "cus_b"), records), Counted::Accepted);

    const auto used = [&](Instant ended_after, Instant began_before) {
        std::vector<Quantity> found;
        for (const Counter& counter : state.counters_of({"cus_a", ""}, ended_after, began_before))
            found.push_back(counter.used);
        return found;
    };
    using Used = std::vector<Quantity>;
    const Quantity three = Quantity::whole(3), four = Quantity::whole(4);
    EXPECT_EQ(used(kStart, kNext.end), (Used{three, four}));
    EXPECT_EQ(used(kMonth.end - Duration(1), kNext.end), (Used{three, four})) << "it is ending";
    EXPECT_EQ(used(kMonth.end, kNext.end), Used{four}) << "it has ended by then";
    EXPECT_EQ(used(kStart, kNext.start), Used{three});
    EXPECT_TRUE(state.counters_of({"cus_c", ""}, kStart, kNext.end).empty());
}

// 12 of 10 were used under "old", and the rest of the period is under "new". What comes late brings
// neither its plan's allowance nor a segment of its own.
TEST(UsageState, LateUsageKeepsTheAllowanceOfTheCounterThatIsThere) {
    UsageState state;
    std::string records;
    auto old_plan = window("old", 10, "0.02"), new_plan = window("new", 30, "0.01");
    auto late = window("newest", 500, nullptr);
    old_plan.revision = 1;
    new_plan.revision = 2;
    late.revision = kPastRevision;
    state.begin_arrival(kStart);
    EXPECT_EQ(state.count(use(old_plan, 12), records), Counted::Accepted);
    EXPECT_EQ(state.count(use(new_plan, 5), records), Counted::Accepted);
    EXPECT_EQ(state.count(use(late, 100), records), Counted::Accepted);
    const auto counter = state.counter({"cus_a", ""}, "api_calls", kStart);
    ASSERT_EQ(counter->segments.size(), 2U);
    EXPECT_EQ(counter->segments[1].plan_version.text(), "new");
    EXPECT_EQ(counter->used, Quantity::whole(117));

    // Where nothing was used, the late one opens the counter, and a later late one keeps that.
    auto first = late, second = window("other", 1, nullptr);
    first.included = Quantity::whole(4);
    second.revision = kPastRevision;
    EXPECT_EQ(state.count(use(first, 4, "cus_b"), records), Counted::Accepted);
    EXPECT_EQ(state.count(use(second, 1, "cus_b"), records), Counted::LimitExceeded);
    EXPECT_EQ(state.counter({"cus_b", ""}, "api_calls", kStart)->segments.size(), 1U);
    for (const std::string& way : {records, snapshot_of(state)}) {
        UsageState again = replayed(way);
        std::string more;
        again.begin_arrival(kStart);
        EXPECT_EQ(again.count(use(second, 1, "cus_b"), more), Counted::LimitExceeded);
        EXPECT_EQ(again.count(use(late, 1), more), Counted::Accepted);
        expect_same(again.counter({"cus_a", ""}, "api_calls", kStart), [&] {
            auto one_more = counter;
            one_more->used = Quantity::whole(118);
            return one_more;
        }());
    }
}

TEST(UsageState, ContractsThatBeginTogetherCountApart) {
    UsageState state;
    std::string records;
    auto subscribed = window("pro", 10, "0.02");
    subscribed.contract = SubscriptionId::trusted("sub_1");
    const auto free = window("free", 10, nullptr);
    state.begin_arrival(kStart);
    EXPECT_EQ(state.count(use(free, 10), records), Counted::Accepted);
    EXPECT_EQ(state.count(use(subscribed, 15), records), Counted::Accepted);
    EXPECT_EQ(state.count(use(free, 1), records), Counted::LimitExceeded);
    const UsageState again = replayed(records);
    for (const UsageState* each : {&std::as_const(state), &again}) {
        EXPECT_EQ(each->counter({"cus_a", ""}, "api_calls", kStart)->used, Quantity::whole(10));
        const auto paid = each->counter({"cus_a", "sub_1"}, "api_calls", kStart);
        EXPECT_EQ(paid->used, Quantity::whole(15));
        EXPECT_EQ(paid->contract, subscribed.contract);
    }
}

TEST(UsageState, RefusesRecordsThatContradictWhatCameBefore) {
    const AllowanceRecord opening{0, 0, 0, 0, 0, kMonth, Quantity::whole(5), {}, 2};
    const EventRecord event{0, 0, "e", Quantity::whole(3), kStart, {}, 0};
    const std::vector<UsageRecord> names{
        NameRecord{NameTable::Customer, "c"}, NameRecord{NameTable::Subscription, ""},
        NameRecord{NameTable::Meter, "m"}, NameRecord{NameTable::PlanVersion, "p"},
        NameRecord{NameTable::Source, "s"}};
    AllowanceRecord of_nobody = opening, out_of_turn = opening, twice = opening, older = opening;
    older.revision = 1;
    of_nobody.customer = 1;
    out_of_turn.counter = 2;
    twice.counter = 1;
    AllowanceRecord negative = opening, unpayable = opening, other_rule = opening;
    negative.included = Quantity::from_scaled(-1);
    unpayable.overage_unit_price = UnitPrice::from_scaled(-1);
    other_rule.rule.aggregation = Meter::Aggregation::Max;
    AllowanceRecord lately = opening, different = opening;
    lately.rule.reset = {Reset::Kind::Rolling, 1};
    different.rule.aggregation = Meter::Aggregation::Unique;
    EventRecord too_early = event, value_of_sum = event;
    too_early.time = Instant(Duration(-1));
    value_of_sum.unique = 1;
    std::string second_counter, buckets;
    put_count(second_counter, {1, Quantity::whole(1)}, event.quantity);
    EventRecord half_known = event;
    half_known.more = second_counter;
    put_buckets(buckets, {{1, Quantity::whole(2)}});
    EventRecord sourceless = event, without_counter = event;
    sourceless.source = 1;
    without_counter.counter = 1;
    const struct {
        const char* name;
        std::vector<UsageRecord> records;  ///< the last one is refused
    } cases[] = {
        {"name twice", {NameRecord{NameTable::Meter, "m"}}},
        {"arrival missing", {ArrivalRecord{2, kStart}}},
        {"allowance of nobody", {of_nobody}},
        {"counter out of turn", {out_of_turn}},
        {"counter opened twice", {opening, twice}},
        {"an older allowance", {opening, older}},
        {"event without a counter", {opening, without_counter}},
        {"event without a source", {opening, sourceless}},
        {"beyond the limit", {opening, event, event}},
        {"a negative allowance", {negative}},
        {"a negative price", {unpayable}},
        {"a counter counts otherwise", {opening, other_rule}},
        {"an event before all time", {opening, too_early}},
        {"a value of a sum", {opening, value_of_sum}},
        {"an event of different values without its own", {different, event}},
        {"an event whose second counter is missing", {opening, half_known}},
        {"a past of a sum", {opening, TrailRecord{0, kStart, ""}}},
        {"a past that is not its count",
         {lately, UsedRecord{0, Quantity::whole(3)}, TrailRecord{0, kStart, buckets}}},
        {"a past before all time", {lately, TrailRecord{0, too_early.time, ""}}},
        {"values of a sum", {opening, UniqueRecord{0, ""}}},
        {"half a value", {different, UniqueRecord{0, "1234567"}}},
        {"a past of no counter", {opening, TrailRecord{1, kStart, ""}}},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        UsageState state;
        for (const auto& record : names) ASSERT_TRUE(state.apply(record));
        for (std::size_t i = 0; i + 1 < c.records.size(); ++i)
            ASSERT_TRUE(state.apply(c.records[i]));
        const auto refused = state.apply(c.records.back());
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().reason, Reason("usage_log.damaged"));
    }
}

/// Against the plainest model there is: what fits is added. And what another process reads is what
/// this one knows.
RC_GTEST_PROP(UsageStateProperties, CountsAsAModelDoesAndReplaysToTheSame, ()) {
    const UsageWindow windows[] = {window("free", 20, nullptr), window("pro", 30, "0.02"),
                                   window("free", 20, nullptr, kNext)};
    const std::string customers[] = {"cus_a", "cus_b", "cus_c"};
    const std::string meters[] = {"api_calls", "exports"};
    UsageState state;
    std::string records;
    std::map<std::tuple<std::string, std::string, Instant>, Quantity> model;
    const auto requests = *rc::gen::inRange(0, 12);
    for (int request = 0; request < requests; ++request) {
        state.begin_arrival(kStart + std::chrono::seconds(request));
        const auto events = *rc::gen::inRange(0, 6);
        for (int i = 0; i < events; ++i) {
            const auto& where = windows[*rc::gen::inRange(0, 3)];
            const auto& customer = customers[*rc::gen::inRange(0, 3)];
            const auto& meter = meters[*rc::gen::inRange(0, 2)];
            const auto units = *rc::gen::inRange<std::int64_t>(0, 25);
            const auto before = state.counter({customer, ""}, meter, where.period.start);
            const auto limit = under_window(before, where).hard_limit.value_or(kMaxQuantity);
            Quantity& used = model[{customer, meter, where.period.start}];
            const bool fits = used + Quantity::whole(units) <= limit;
            const auto counted = state.count(use(where, units, customer, meter), records);
            RC_ASSERT((counted == Counted::Accepted) == fits);
            if (fits) used = used + Quantity::whole(units);
        }
    }
    const UsageState again = replayed(records), restored = replayed(snapshot_of(state));
    for (const UsageState* other : {&again, &restored}) {
        RC_ASSERT(other->arrivals() == state.arrivals());
        RC_ASSERT(other->events() == state.events());
    }
    for (const auto& [key, used] : model) {
        const auto& [customer, meter, start] = key;
        const auto counter = state.counter({customer, ""}, meter, start);
        RC_ASSERT((counter ? counter->used : Quantity{}) == used);
        expect_same(counter, again.counter({customer, ""}, meter, start));
        expect_same(counter, restored.counter({customer, ""}, meter, start));
    }
    RC_ASSERT(!::testing::Test::HasFailure());
}

TEST(UsageState, KnowsTheCountersOfACustomerOverHisContracts) {
    UsageState state;
    std::string records;
    auto subscribed = window("pv_1", 10, "0.02");
    subscribed.contract = SubscriptionId::trusted("sub_1");
    state.begin_arrival(kStart);
    // Counters 0 to 4, in this order.
    for (const OwnedUse& one :
         {use(window("pv_1", 10, "0.02"), 1, "cus_a"), use(window("pv_1", 10, "0.02"), 1, "cus_b"),
          use(subscribed, 1, "cus_a"), use(window("pv_1", 10, "0.02", kNext), 1, "cus_a"),
          use(window("pv_1", 10, "0.02"), 1, "cus_b", "bytes")})
        EXPECT_EQ(state.count(one, records), Counted::Accepted);
    using Counters = std::vector<std::uint32_t>;
    const UsageState replay = replayed(records);
    for (const UsageState* each : std::initializer_list<const UsageState*>{&state, &replay}) {
        EXPECT_EQ(each->counters_of_customer("cus_a"), (Counters{0, 2, 3}));
        EXPECT_EQ(each->counters_of_customer("cus_b"), (Counters{1, 4}));
        EXPECT_EQ(each->counters_of_customer("cus_c"), Counters());
        EXPECT_EQ(each->counters_of_customer("cus_d"), Counters());
    }
}

}  // namespace
}  // namespace turnpike
