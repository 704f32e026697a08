#include "metering/lines_report.h"

#include <gtest/gtest.h>

#include "json/value.h"

namespace turnpike {
namespace {

TEST(LinesReport, CountsAllAndListsTheFirstOfEachVerdict) {
    LinesReport report;
    constexpr int kRounds = 7, kLinesPerRound = 3'000;
    std::uint64_t line = 0;
    for (int round = 0; round < kRounds; ++round) {
        std::vector<UsageOutcome> outcomes;
        std::vector<std::uint64_t> lines;
        for (int i = 0; i < kLinesPerRound; ++i) {
            lines.push_back(++line);
            if (i % 3 == 0)
                outcomes.push_back({Verdict::Accepted, std::nullopt});
            else
                outcomes.push_back({Verdict::Rejected, EventComplaint{"bad_json", "not JSON"}});
        }
        report.add(outcomes, lines);
    }
    // A last one behind a full list of rejected ones is still told of.
    report.add({{Verdict::Conflict, std::nullopt}}, {++line});

    const Json json = report.json();
    EXPECT_EQ(json["lines_done"], 21'001);
    EXPECT_EQ(json["totals"], Json::parse(R"({"events":21001,"accepted":7000,"duplicates":0,
                                              "conflicts":1,"rejected":14000})"));
    EXPECT_EQ(json["rejected_codes"], Json::parse(R"({"bad_json":14000})"));
    EXPECT_EQ(json["rejected"].size(), LinesReport::kListedMax);
    EXPECT_EQ(json["rejected"][0]["line"], 2);
    EXPECT_EQ(json["rejected"][0]["detail"], "not JSON");
    EXPECT_EQ(json["conflicts"][0]["line"], 21'001);
    EXPECT_EQ(json["conflicts"][0]["code"], "conflict");
}

TEST(LinesReport, OfNothingIsAllZero) {
    const Json json = LinesReport().json();
    EXPECT_EQ(json["lines_done"], 0);
    EXPECT_EQ(json["totals"]["events"], 0);
    EXPECT_EQ(json["rejected_codes"], Json::object());
    EXPECT_EQ(json["rejected"], Json::array());
}

}  // namespace
}  // namespace turnpike
