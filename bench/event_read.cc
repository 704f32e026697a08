// What it costs to read an event of a batch: a thousand CloudEvents of 211 bytes, as POST
// /v1/events gets them, in each format. The best of 200 rounds, so that a machine with other work
// says the same:
//
//     ninja -C build/release event_read && build/release/src/metering/event_read
#include <algorithm>
#include <chrono>
#include <functional>
#include <iostream>
#include <list>
#include <string>
#include <vector>

#include "json/value.h"
#include "metering/event_body.h"

namespace {

using namespace turnpike;

constexpr int kEvents = 1'000;
constexpr int kRounds = 200;

std::string event(int number) {
    const std::string digits = std::to_string(1'000 + number);
    return R"({"specversion":"1.0","id":"0192d3c4-8b1e-7cc3-)" + digits +
           R"(-0123456789ab","source":"gateway-eu-1","type":"api.call","subject":"cus_customer_)" +
           digits + R"(","time":"2024-09-01T10:00:12.345Z","data":{"quantity":)" + digits +
           R"(,"route":"/v1/x"}})";
}

/// `read` returns how many events it has read.
void report(const char* name, const std::function<std::size_t()>& read) {
    auto best = std::chrono::nanoseconds::max();
    for (int round = 0; round < kRounds; ++round) {
        const auto began = std::chrono::steady_clock::now();
        const std::size_t events = read();
        best = std::min(best, std::chrono::nanoseconds(std::chrono::steady_clock::now() - began));
        if (events != kEvents) std::abort();
    }
    std::cout << name << ": " << best.count() / kEvents << " ns per event\n";
}

}  // namespace

int main() {
    std::vector<std::string> texts;
    std::string array = "[", lines;
    for (int i = 0; i < kEvents; ++i) {
        texts.push_back(event(i));
        array += (i == 0 ? "" : ",") + texts.back();
        lines += texts.back() + "\n";
    }
    array += "]";
    std::cout << texts.front().size() << " bytes per event\n";

    std::list<std::string> decoded;
    JsonScanner scanner(decoded);
    report("one by one", [&] {
        std::size_t good = 0;
        for (const auto& text : texts) good += read_event(scanner, text) ? 1 : 0;
        return good;
    });
    report("JSON array",
           [&] { return read_events(http::Request(), EventMode::Batch, array)->entries.size(); });
    report("NDJSON", [&] {
        EventLines reader(http::ContentCoding::Identity, lines, lines.size());
        std::size_t good = 0;
        while (!reader.at_end() && reader.read()) good += reader.entries().size();
        return good;
    });
    report("as a value, by parse_json", [&] {
        std::size_t good = 0;
        for (const auto& text : texts) good += parse_json(text) ? 1 : 0;
        return good;
    });
    return 0;
}
