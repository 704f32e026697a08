#include "metering/lines_report.h"

#include <numeric>
#include <utility>

#include "json/value.h"
#include "metering/wire.h"

namespace turnpike {
namespace {

std::size_t place(Verdict verdict) { return std::to_underlying(verdict); }

}  // namespace

void LinesReport::add(const std::vector<UsageOutcome>& outcomes,
                      const std::vector<std::uint64_t>& line_numbers) {
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        const UsageOutcome& outcome = outcomes[i];
        ++totals_[place(outcome.verdict)];
        if (outcome.verdict == Verdict::Accepted) continue;
        if (outcome.complaint) ++rejected_codes_[outcome.complaint->code];
        auto& listed = listed_[place(outcome.verdict)];
        if (listed.size() < kListedMax) listed.push_back({line_numbers[i], outcome});
    }
    if (!line_numbers.empty()) lines_done_ = line_numbers.back();
}

Json LinesReport::json() const {
    const auto entries = [this](Verdict verdict) {
        Json list = Json::array();
        for (const auto& [line, outcome] : listed_[place(verdict)])
            list.push_back(write_outcome("line", line, outcome));
        return list;
    };
    Json totals;
    totals["events"] = std::accumulate(totals_.begin(), totals_.end(), std::uint64_t{0});
    totals["accepted"] = totals_[place(Verdict::Accepted)];
    totals["duplicates"] = totals_[place(Verdict::Duplicate)];
    totals["conflicts"] = totals_[place(Verdict::Conflict)];
    totals["rejected"] = totals_[place(Verdict::Rejected)];
    Json codes = Json::object();
    for (const auto& [code, count] : rejected_codes_) codes[std::string(code)] = count;

    Json json;
    json["lines_done"] = lines_done_;
    json["totals"] = std::move(totals);
    json["rejected_codes"] = std::move(codes);
    json["duplicates"] = entries(Verdict::Duplicate);
    json["conflicts"] = entries(Verdict::Conflict);
    json["rejected"] = entries(Verdict::Rejected);
    return json;
}

}  // namespace turnpike
