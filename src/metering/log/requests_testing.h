#pragma once

#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "metering/log/log_testing.h"
#include "metering/log/segment/segment_file.h"
#include "metering/log/state/usage_state.h"
#include "metering/window_calendar.h"

namespace turnpike::testing {

inline const Instant kStart = from_unix_seconds(1'725'148'800);
inline const Period kMonth{kStart, from_unix_seconds(1'727'740'800)};
constexpr std::size_t kUnused = 4096;

inline UsageWindow window(const std::string& version, std::int64_t revision) {
    return {.contract = std::nullopt,
            .meter_key = "api_calls",
            .period = kMonth,
            .plan_version = PlanVersionId::trusted(version),
            .included = Quantity::whole(10 * (revision + 1)),
            .overage_unit_price = UnitPrice::parse("0.02"),
            .revision = revision};
}

/// A use of the window, and of others beside it: of different values in a day, of the least in a
/// month, and of the last two days.
inline std::vector<UsageCount> wide_counts(const UsageWindow& where) {
    UsageWindow unique = where, least = where, rolling = where;
    unique.meter_key = "users";
    unique.aggregation = Meter::Aggregation::Unique;
    unique.reset = {Reset::Kind::Day};
    unique.period = {kStart, kStart + std::chrono::hours(24)};
    least.meter_key = "latency";
    least.aggregation = Meter::Aggregation::Min;
    least.reset = {Reset::Kind::Month};
    rolling.reset = {Reset::Kind::Rolling, 48};
    rolling.period = endless_window();
    const auto shared = [](const UsageWindow& window) {
        return std::make_shared<const UsageWindow>(window);
    };
    const Quantity one = Quantity::whole(1);
    return {{shared(where), one},
            {shared(unique), one, where.plan_version.text().size()},
            {shared(least), Quantity::whole(7)},
            {shared(rolling), one}};
}

/// A log as servers write it: its requests' records, which are its frames too.
class Requests {
public:
    void send(const std::vector<std::string>& ids, const std::string& customer,
              const UsageWindow& where, Duration latency = {}) {
        send(ids, customer, {{std::make_shared<const UsageWindow>(where), Quantity::whole(1)}}, "",
             latency);
    }
    /// Events that count in a window of every other kind as well.
    void send_wide(const std::vector<std::string>& ids, const std::string& customer,
                   const UsageWindow& where) {
        send(ids, customer, wide_counts(where), R"({"region":"eu"})", {});
    }
    void send(const std::vector<std::string>& ids, const std::string& customer,
              const std::vector<UsageCount>& counts, std::string_view properties,
              Duration latency) {
        std::string records;
        now_ += std::chrono::milliseconds(7);
        state_.begin_arrival(now_);
        for (const std::string& id : ids)
            EXPECT_EQ(state_.count({.customer = customer,
                                    .source = "test",
                                    .id = id,
                                    .counts = counts,
                                    .time = now_ - latency,
                                    .latency_us = latency.count(),
                                    .content = content_++,
                                    .properties = properties},
                                   records),
                      Counted::Accepted);
        payloads_.push_back(std::move(records));
    }
    /// Voids the first event of the arrival, which moved the counter of this number by one.
    void void_first(const std::string& id, std::uint64_t arrival, std::uint32_t counter) {
        std::string records;
        now_ += std::chrono::milliseconds(7);
        state_.begin_arrival(now_);
        const Correction correction{Correction::Kind::Void, "test", "first"};
        const FoundEvent original{{arrival, 0}, now_, 0, {{counter, Quantity::whole(1)}}};
        EXPECT_TRUE(state_.correct({.source = "test",
                                    .id = id,
                                    .time = now_,
                                    .content = content_++,
                                    .correction = correction,
                                    .original = original},
                                   records));
        payloads_.push_back(std::move(records));
    }
    /// A frame without an arrival: the customer's name, which nobody has used yet.
    void name(const std::string& customer) {
        const NameRecord record{NameTable::Customer, customer};
        std::string records;
        write_record(records, record);
        EXPECT_TRUE(state_.apply(record));
        payloads_.push_back(std::move(records));
    }
    void add(std::string records) { payloads_.push_back(std::move(records)); }
    [[nodiscard]] const std::vector<std::string>& payloads() const { return payloads_; }
    [[nodiscard]] std::string all() const {
        std::string all;
        for (const auto& payload : payloads_) all += payload;
        return all;
    }

private:
    UsageState state_;
    Instant now_ = kStart;
    std::uint32_t content_ = 100;
    std::vector<std::string> payloads_;
};

/// A finished segment that holds the requests, and the next one behind it.
inline SegmentPlace finished_segment(const std::string& directory, const Requests& requests) {
    std::string bytes;
    std::uint64_t sequence = 0;
    for (const auto& payload : requests.payloads()) bytes += sealed(++sequence, payload);
    bytes.resize(bytes.size() + kUnused, '\0');
    const SegmentPlace log{directory + "/" + segment_name(1), 1, SegmentForm::Log};
    std::ofstream(log.path, std::ios::binary) << bytes;
    std::ofstream(directory + "/" + segment_name(sequence + 1)) << std::string(kUnused, '\0');
    return log;
}

}  // namespace turnpike::testing
