#pragma once

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "metering/log/log_testing.h"
#include "metering/log/segment_file.h"
#include "metering/log/usage_state.h"

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

/// A log as servers write it: its requests' records, which are its frames too.
class Requests {
public:
    void send(const std::vector<std::string>& ids, const std::string& customer,
              const UsageWindow& where, Duration latency = {}) {
        std::string records;
        now_ += std::chrono::milliseconds(7);
        state_.begin_arrival(now_);
        for (const std::string& id : ids)
            EXPECT_EQ(state_.count({.customer = customer,
                                    .meter_key = "api_calls",
                                    .source = "test",
                                    .id = id,
                                    .window = where,
                                    .quantity = Quantity::whole(1),
                                    .time = now_ - latency,
                                    .latency_us = latency.count(),
                                    .content = content_++},
                                   records),
                      Counted::Accepted);
        payloads_.push_back(std::move(records));
    }
    void close(const std::string& customer, Instant before) {
        std::string records;
        state_.close({customer, ""}, before, records);
        if (!records.empty()) payloads_.push_back(std::move(records));
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
