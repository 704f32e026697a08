// What an event costs on disk over its life: events in requests, through an embedded usage log
// whose segments are sealed, identities written out and snapshots taken as on a server. Counted are
// the bytes that the kernel was asked to write (wchar of /proc/self/io), beside those that stay:
//
//     ninja -C build/release usage_log_bytes
//     build/release/src/metering/usage_log_bytes FOLDER EVENTS EVENTS_PER_REQUEST
//     uuid|id20|id28|id36
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "metering/log/segment/segment_file.h"
#include "metering/log/usage_log.h"

namespace {

using namespace turnpike;

constexpr std::uint64_t kCustomers = 10'000;
constexpr std::size_t kWaitingMax = 64;
const Instant kStart = from_unix_seconds(1'725'148'800);
const Period kMonth{kStart, from_unix_seconds(1'727'740'800)};

std::uint64_t bytes_written() {
    std::ifstream io("/proc/self/io");
    std::string word;
    std::uint64_t bytes = 0;
    while (io >> word)
        if (word == "wchar:") io >> bytes;
    return bytes;
}

std::uint64_t bytes_in(const std::filesystem::path& folder, std::string_view suffix) {
    std::uint64_t bytes = 0;
    for (const auto& file : std::filesystem::recursive_directory_iterator(folder))
        if (file.path().string().ends_with(suffix)) bytes += file.file_size();
    return bytes;
}

std::string make_id(const std::string& kind, std::mt19937_64& random) {
    const bool is_uuid = kind == "uuid";
    const std::size_t size = is_uuid ? 36 : std::stoul(kind.substr(2));
    const std::string_view digits =
        is_uuid ? "0123456789abcdef" : "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    std::string id;
    for (std::size_t i = 0; i < size; ++i) {
        const bool is_hyphen = is_uuid && (i == 8 || i == 13 || i == 18 || i == 23);
        id += is_hyphen ? '-' : digits[random() % digits.size()];
    }
    return id;
}

UsageEvent make_event(const std::string& kind, Instant now, std::mt19937_64& random) {
    return {.source = "gateway-eu-1",
            .id = make_id(kind, random),
            .customer = CustomerId::trusted("cus_" + std::to_string(random() % kCustomers)),
            .meter_key = "api_calls",
            .quantity = Quantity::whole(1),
            .time = now - std::chrono::milliseconds(random() % 2'000),
            .latency_us = {}};
}

void fill(UsageLog& log, std::uint64_t count, std::uint64_t per_request, const std::string& kind) {
    std::mt19937_64 random(1);
    const UsageWindow window{.contract = std::nullopt,
                             .meter_key = "api_calls",
                             .period = kMonth,
                             .plan_version = PlanVersionId::trusted("pv_1"),
                             .included = Quantity::whole(1'000),
                             .overage_unit_price = UnitPrice::parse("0.02")};
    const std::vector<UsageCount> counts{
        {std::make_shared<const UsageWindow>(window), Quantity::whole(1)}};
    std::vector<std::future<void>> waiting;
    for (std::uint64_t sent = 0; sent < count; sent += per_request) {
        const Instant now = kStart + std::chrono::microseconds(sent * 10);
        std::vector<UsageEvent> events;
        for (std::uint64_t i = 0; i < per_request; ++i)
            events.push_back(make_event(kind, now, random));
        std::vector<LoggedUse> uses;
        for (const UsageEvent& event : events)
            uses.push_back({event, counts, static_cast<std::uint32_t>(random())});
        for (bool is_taken = false; !is_taken;) {
            std::promise<void> durable;
            auto done = durable.get_future();
            is_taken = log.append(uses, now,
                                  [durable = std::move(durable)](const auto&) mutable {
                                      durable.set_value();
                                  })
                           .has_value();
            if (is_taken) waiting.push_back(std::move(done));
        }
        if (waiting.size() < kWaitingMax) continue;
        for (auto& one : waiting) one.get();
        waiting.clear();
    }
    for (auto& one : waiting) one.get();
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 5) return EXIT_FAILURE;
    const std::string folder = arguments[1], kind = arguments[4];
    const std::uint64_t events = std::stoull(arguments[2]), per_request = std::stoull(arguments[3]);
    const std::uint64_t before = bytes_written();
    const UsageLog::Config config{folder, std::size_t{64} << 20, events / 4};
    auto log = UsageLog::open(config);
    if (!log) return EXIT_FAILURE;
    fill(**log, events, per_request, kind);
    const auto rest = [&] {
        const auto segments = list_segments(folder + "/segments");
        return std::ranges::count(*segments, SegmentForm::Log, &SegmentPlace::form);
    };
    while (rest() > 1) std::this_thread::sleep_for(std::chrono::milliseconds(100));
    log->reset();
    const auto began = std::chrono::steady_clock::now();
    log = UsageLog::open(config);
    const auto took = std::chrono::steady_clock::now() - began;
    const auto per_event = [&](std::uint64_t bytes) { return bytes * 10 / events; };
    std::cout << kind << ", " << per_request
              << " to a request, tenths of a byte per event: written "
              << per_event(bytes_written() - before) << ", sealed "
              << per_event(bytes_in(folder, ".sealed")) << ", runs "
              << per_event(bytes_in(folder, ".run")) << "; a start takes "
              << std::chrono::duration_cast<std::chrono::milliseconds>(took).count() << " ms\n";
}
