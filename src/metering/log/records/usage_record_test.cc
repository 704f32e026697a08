#include "metering/log/records/usage_record.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "metering/counter.h"
#include "metering/log/segment/sealed_testing.h"

namespace turnpike {
namespace {

const Instant kNow = from_unix_seconds(1'725'148'800);

Instant any_instant() {
    return from_unix_micros(*rc::gen::inRange<std::int64_t>(0, 4'000'000'000'000'000));
}
Quantity any_quantity() {
    const auto scaled = *rc::gen::inRange<std::int64_t>(0, kMaxQuantity.scaled() + 1);
    return *rc::gen::element(Quantity::whole(1), Quantity{}, Quantity::from_scaled(scaled));
}

LogPlace any_place() {
    return {*rc::gen::arbitrary<std::uint64_t>(), *rc::gen::arbitrary<std::uint64_t>()};
}

void lead_anywhere(LoggedChange& change) {
    Recounted& becomes = change.becomes.emplace();
    for (int i = *rc::gen::inRange(1, 4); i > 0; --i) becomes.ends.push_back(any_quantity());
    if (*rc::gen::arbitrary<bool>()) becomes.last_at = any_instant();
    becomes.is_value_gone = *rc::gen::arbitrary<bool>();
    if (becomes.is_value_gone) change.gone = *rc::gen::arbitrary<std::uint64_t>();
}

RC_GTEST_PROP(UsageRecord, ACorrectionIsReadAsItWasWritten, ()) {
    const auto index = [] { return *rc::gen::arbitrary<std::uint32_t>(); };
    const auto any_amend = [] {
        return *rc::gen::arbitrary<bool>() ? std::optional(any_quantity()) : std::nullopt;
    };
    std::string changes;
    std::vector<LoggedChange> list;
    for (int i = *rc::gen::inRange(1, 5); i > 0; --i) {
        const auto scaled = *rc::gen::inRange(-kMaxQuantity.scaled(), kMaxQuantity.scaled() + 1);
        list.push_back({index(), index(), Quantity::from_scaled(scaled)});
        if (*rc::gen::arbitrary<bool>()) lead_anywhere(list.back());
        put_change(changes, list.back());
    }
    const std::string id = testing::any_event_id(), original_id = testing::any_event_id();
    const std::string properties = testing::any_event_id();
    const CorrectionRecord correction{
        any_place(), any_instant(), index(),       id,         any_instant(), index(), any_place(),
        index(),     original_id,   any_instant(), properties, any_amend(),   changes};
    const CorrectedRecord corrected{any_place(), *rc::gen::arbitrary<bool>(), any_amend()};
    std::string out;
    write_record(out, correction);
    write_record(out, corrected);
    RecordReader reader(out);
    RC_ASSERT(reader.next() == UsageRecord(correction));
    RC_ASSERT(reader.next() == UsageRecord(corrected));
    RC_ASSERT(!reader.next());
    RC_ASSERT(!reader.is_bad());
    RC_ASSERT(read_changes(changes) == list);
}

TEST(UsageRecord, ChangesThatCannotBeAreRefused) {
    std::string change;
    put_change(change, {1, 2, Quantity::whole(-3)});
    std::string too_many;
    for (std::size_t i = 0; i <= kUsageCountsMax; ++i) too_many += change;
    std::string too_large;
    put_change(too_large, {1, 2, kMaxQuantity + Quantity::from_scaled(1)});
    std::string led, nowhere, too_far;
    put_change(led, {1, 2, {}, Recounted{{Quantity::whole(1)}, Instant{}, true}, 7});
    put_change(nowhere, {1, 2, {}, Recounted{{}, {}, true}, 7});
    put_change(too_far, {1, 2, {}, Recounted{{kMaxQuantity + Quantity::from_scaled(1)}}});
    EXPECT_TRUE(read_changes(led));
    std::string of_nothing;  // a time and no counter that it is of
    put_number(of_nothing, 1);
    put_number(of_nothing, 2);
    put_signed(of_nothing, 0);
    put_signed(of_nothing, 0);
    for (const std::string& bytes : {std::string(), change.substr(1), too_many, too_large, nowhere,
                                     too_far, of_nothing, led.substr(0, led.size() - 1)})
        EXPECT_FALSE(read_changes(bytes));
    EXPECT_TRUE(read_changes(change));
}

RC_GTEST_PROP(UsageRecord, IsReadAsItWasWritten, ()) {
    const auto index = [] { return *rc::gen::arbitrary<std::uint32_t>(); };
    const std::string id = testing::any_event_id();
    const std::string name = *rc::gen::arbitrary<std::string>();
    const ArrivalRecord arrival{*rc::gen::arbitrary<std::uint64_t>(), any_instant()};
    AllowanceRecord allowance{index(),        index(), index(),
                              index(),        index(), {any_instant(), any_instant()},
                              any_quantity(), {},      *rc::gen::arbitrary<std::int64_t>()};
    if (*rc::gen::arbitrary<bool>())
        allowance.overage_unit_price = UnitPrice::from_scaled(*rc::gen::arbitrary<std::int64_t>());
    if (*rc::gen::arbitrary<bool>())
        allowance.overage_cap = UnitPrice::from_scaled(*rc::gen::arbitrary<std::int64_t>());
    allowance.rule = testing::any_rule();
    if (*rc::gen::arbitrary<bool>()) allowance.begins = any_place();
    allowance.kept = *rc::gen::element(KeptPast::WhileNeeded, KeptPast::ForEver, KeptPast::NoMore);
    if (*rc::gen::arbitrary<bool>()) allowance.override_number = index();
    EventRecord event{index(), index(), id, any_quantity(), any_instant(), {}, index()};
    if (*rc::gen::arbitrary<bool>()) event.latency_us = *rc::gen::arbitrary<std::int64_t>();
    const testing::AnyRest rest(event);
    const UsedRecord used{index(), any_quantity()};
    const TotalsRecord totals{*rc::gen::arbitrary<std::uint64_t>(),
                              *rc::gen::arbitrary<std::uint64_t>()};
    const auto table =
        *rc::gen::element(NameTable::Customer, NameTable::Subscription, NameTable::Meter,
                          NameTable::PlanVersion, NameTable::Source);
    std::string out;
    write_record(out, NameRecord{table, name});
    write_record(out, arrival);
    write_record(out, allowance);
    write_record(out, event, arrival.received_at);
    write_record(out, used);
    write_record(out, totals);
    const std::string bytes = *rc::gen::arbitrary<std::string>();
    TrailRecord trail{index(), {}, bytes};
    if (*rc::gen::arbitrary<bool>()) trail.last_at = any_instant();
    const UniqueRecord unique{index(), bytes};
    write_record(out, trail);
    write_record(out, unique);
    HoldRecord hold{.number = *rc::gen::arbitrary<std::uint64_t>(),
                    .counter = index(),
                    .source = index(),
                    .id = id,
                    .quantity = event.quantity,
                    .reserved = any_quantity(),
                    .time = any_instant(),
                    .expires_at = any_instant(),
                    .content = index(),
                    .more = event.more,
                    .properties = name,
                    .state = static_cast<ReservationState>(*rc::gen::inRange(0, 4))};
    if (hold.state != ReservationState::Open) {
        hold.used = any_quantity();
        hold.ended_at = any_instant();
    }
    HoldEndRecord end{.number = hold.number,
                      .state = static_cast<ReservationState>(*rc::gen::inRange(1, 4))};
    if (end.state == ReservationState::Committed) end.used = any_quantity();
    write_record(out, hold);
    write_record(out, end);

    RecordReader reader(out);
    RC_ASSERT(reader.next() == UsageRecord(NameRecord{table, name}));
    RC_ASSERT(reader.next() == UsageRecord(arrival));
    RC_ASSERT(reader.next() == UsageRecord(allowance));
    RC_ASSERT(reader.next() == UsageRecord(event));
    RC_ASSERT(reader.next() == UsageRecord(used));
    RC_ASSERT(reader.next() == UsageRecord(totals));
    RC_ASSERT(reader.next() == UsageRecord(trail));
    RC_ASSERT(reader.next() == UsageRecord(unique));
    RC_ASSERT(reader.next() == UsageRecord(hold));
    RC_ASSERT(reader.next() == UsageRecord(end));
    RC_ASSERT(!reader.next());
    RC_ASSERT(!reader.is_bad());
}

RC_GTEST_PROP(EventCounts, AreReadAsTheyWereWritten, ()) {
    EventRecord event{};
    event.quantity = any_quantity();
    const testing::AnyRest rest(event);
    EventCounts counts(event);
    RC_ASSERT(counts.next() == EventCount({0, event.quantity, event.unique}));
    for (const EventCount& count : rest.counts()) RC_ASSERT(counts.next() == count);
    RC_ASSERT(!counts.next());
}

RC_GTEST_PROP(Buckets, AreReadAsTheyWereWritten, ()) {
    std::vector<UsageBucket> buckets;
    std::int64_t number = 0;
    for (int i = *rc::gen::inRange(0, 20); i > 0; --i) {
        number += *rc::gen::inRange<std::int64_t>(1, 100'000);
        const auto used = *rc::gen::inRange<std::int64_t>(1, kMaxQuantity.scaled() + 1);
        buckets.push_back({number, Quantity::from_scaled(used)});
    }
    std::string bytes;
    put_buckets(bytes, buckets);
    RC_ASSERT(read_buckets(bytes) == buckets);
}

TEST(Buckets, BytesThatAreNoneAreRefused) {
    for (const std::string& bytes :
         {std::string("\1"), std::string("\1\0", 2), std::string("\1\1\0\1", 4),
          "\1" + std::string(8, '\xff') + "\x7f", std::string(5, '\xff') + "\1\1"})
        EXPECT_FALSE(read_buckets(bytes));
}

TEST(UsageRecord, AnOrdinaryEventTakesFewBytes) {
    // A counter below 2^21, a UUID, one unit, half a second before it arrived: 1 of kind, 3 + 1 of
    // numbers, 16 of the id, 3 of the time, 4 of the content.
    const EventRecord event{.counter = 1'000'000,
                            .source = 3,
                            .id = "0e3f2c51-6a0f-4e1c-9a55-5d6f2f0c7a11",
                            .quantity = Quantity::whole(1),
                            .time = kNow - std::chrono::milliseconds(500),
                            .latency_us = {},
                            .content = 7};
    std::string out;
    write_record(out, event, kNow);
    EXPECT_EQ(out.size(), 1U + 3 + 1 + 16 + 3 + 4);
    EXPECT_LT(out.size(), kRecordBytesMax);
}

TEST(UsageRecord, BytesThatAreNoRecordAreSaidToBeBad) {
    const std::string eleven(10, '\xff');
    const struct {
        const char* name;
        std::string bytes;
    } cases[] = {
        {"kind 0", std::string(1, '\0')},
        {"unknown kind", "\x0f"},
        {"unknown flag", "\x82"},
        {"unknown flag of an event", std::string("\x94\x08\0\0\x01x\0\0\0\0\0", 11)},
        {"nothing behind an event's flags", "\x94"},
        {"an empty list of counts", std::string("\x94\2\0\0\x01x\0\0\0\0\0\0", 12)},
        {"a count beyond its list", std::string("\x94\2\0\0\x01x\0\0\0\0\0\1\0", 13)},
        {"a hash beyond the end", std::string("\x94\1\0\0\x01x\0\0\0\0\0\0", 12)},
        {"unknown aggregation", std::string("\x43\0\0\0\0\0\0\0\0\0\6", 11)},
        {"unknown reset", std::string("\x43\0\0\0\0\0\0\0\0\0\x60", 11)},
        {"a rolling window of no hours", std::string("\x43\0\0\0\0\0\0\0\0\0\x50\0", 12)},
        {"UUID beyond the end", std::string("\x54\0\0", 3) + "fifteen bytes.."},
        {"unknown table", "\x51\x01x"},
        {"text beyond the end", "\x01\x05x"},
        {"number beyond the end", "\x02\xff"},
        {"number beyond 64 bits", "\x02" + eleven},
        {"index beyond 32 bits", std::string("\x05\xff\xff\xff\xff\x7f\0", 7)},
        {"event without its content", std::string("\x14\0\0\x01x\0\1\2\3", 9)},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        RecordReader reader(c.bytes);
        EXPECT_FALSE(reader.next());
        EXPECT_TRUE(reader.is_bad());
        EXPECT_FALSE(reader.next());
    }
}

RC_GTEST_PROP(UsageRecord, AnyBytesAreReadToAnEnd, (const std::string& bytes)) {
    RecordReader reader(bytes);
    std::size_t records = 0;
    while (reader.next()) ++records;
    RC_ASSERT(records <= bytes.size());
}

}  // namespace
}  // namespace turnpike
