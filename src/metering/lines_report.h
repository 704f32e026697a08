#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "json/json.h"
#include "metering/service.h"

namespace turnpike {

/// What became of an NDJSON request's events: all of it in numbers, and each event that was not
/// accepted by its line, up to kListedMax of each verdict.
class LinesReport {
public:
    static constexpr std::size_t kListedMax = 10'000;

    /// Outcomes that are durable, and the line of each; later lines than all before.
    void add(const std::vector<UsageOutcome>& outcomes,
             const std::vector<std::uint64_t>& line_numbers);

    /// {"lines_done":n,
    ///  "totals":{"events":n,"accepted":n,"duplicates":n,"conflicts":n,"rejected":n},
    ///  "rejected_codes":{code:n},"duplicates":[{"line"}],"conflicts":[{"line","code","detail"}],
    ///  "rejected":[{"line","code","detail"}]}
    [[nodiscard]] Json json() const;

private:
    static constexpr std::size_t kVerdicts = 4;
    struct Listed {
        std::uint64_t line;
        UsageOutcome outcome;
    };

    std::uint64_t lines_done_ = 0;                   ///< the last line that has a verdict
    std::array<std::uint64_t, kVerdicts> totals_{};  ///< by Verdict
    std::array<std::vector<Listed>, kVerdicts> listed_;
    std::map<std::string_view, std::uint64_t> rejected_codes_;
};

}  // namespace turnpike
