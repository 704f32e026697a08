#include "analytics/usage/usage_query.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include "access/page.h"

namespace turnpike {
namespace {

constexpr int kLimitDefault = 10;

/// Reads one parameter after the other, and collects what is wrong with them.
class QuestionReader {
public:
    explicit QuestionReader(const http::Request& request) : request_(request) {}

    std::string meter() {
        const std::string* meter = request_.query_value("meter");
        if (meter != nullptr && !meter->empty()) return *meter;
        complain("meter", "required", "is missing");
        return {};
    }
    std::optional<std::string> text(std::string_view name) {
        const std::string* value = request_.query_value(name);
        if (value == nullptr) return std::nullopt;
        return *value;
    }
    Granularity granularity() {
        const auto named = text("granularity");
        if (!named) return Granularity::Day;
        const auto granularity = parse_granularity(*named);
        if (!granularity) complain("granularity", "bad_value", "must be hour, day, week or month");
        return granularity.value_or(Granularity::Day);
    }
    std::vector<std::string> names(std::string_view name) {
        std::vector<std::string> names;
        const auto given = text(name);
        if (!given) return names;
        for (const auto part : std::views::split(*given, ',')) {
            names.emplace_back(part.begin(), part.end());
            if (names.back().empty() || std::ranges::count(names, names.back()) > 1)
                complain(name, "bad_value", "must be different names with commas between them");
        }
        return names;
    }
    std::int64_t limit() {
        const auto given = text("limit");
        if (!given) return kLimitDefault;
        const auto limit = read_limit(*given);
        if (!limit) complain("limit", "out_of_range", std::string(kLimitRule));
        return limit.value_or(kLimitDefault);
    }
    Period period(Granularity granularity, Instant now) {
        // The bucket that begins now belongs to it.
        const Instant end = instant("to").value_or(now + Duration(1));
        const Instant last = bucket_at(end - Duration(1), granularity).start;
        const Instant start =
            instant("from").value_or(moved_by_buckets(last, granularity, 1 - kBucketsDefault));
        if (start >= end) complain("to", "out_of_range", "must be later than from");
        return {start, end};
    }

    Result<UsageQuestion> finish(UsageQuestion question, const Period& period) {
        if (!fields_.empty()) return std::unexpected(complaints());
        auto buckets = buckets_of(period, question.granularity);
        if (!buckets)
            return invalid_argument("usage_figures.too_many_buckets",
                                    "an answer has at most 1000 buckets; ask for a shorter time, "
                                    "or for larger buckets");
        question.buckets = *std::move(buckets);
        return question;
    }
    [[nodiscard]] bool is_bad() const { return !fields_.empty(); }
    Error complaints() {
        Error error{ErrorCode::InvalidArgument, "usage_figures.bad_query",
                    "the query parameters ask for no usage"};
        error.fields = std::move(fields_);
        return error;
    }

private:
    std::optional<Instant> instant(std::string_view name) {
        const auto given = text(name);
        if (!given) return std::nullopt;
        const auto moment = parse_rfc3339(*given);
        if (!moment) complain(name, "bad_value", "must be a time as in 2024-09-15T00:00:00Z");
        return moment;
    }
    void complain(std::string_view name, std::string code, std::string detail) {
        fields_.push_back({std::string(name), std::move(code), std::move(detail)});
    }

    const http::Request& request_;
    std::vector<FieldError> fields_;
};

}  // namespace

Result<UsageQuestion> read_series_question(const http::Request& request, Instant now) {
    const auto known =
        check_query(request, {"customer", "meter", "route", "granularity", "from", "to"});
    if (!known) return failure(known);
    QuestionReader reader(request);
    UsageQuestion question{.meter_key = reader.meter(),
                           .route = reader.text("route"),
                           .granularity = reader.granularity(),
                           .buckets = {},
                           .limit = 0};
    const Period period = reader.period(question.granularity, now);
    return reader.finish(std::move(question), period);
}

Result<UsageQuestion> read_top_question(const http::Request& request, Instant now) {
    const auto known = check_query(request, {"meter", "from", "to", "limit"});
    if (!known) return failure(known);
    QuestionReader reader(request);
    UsageQuestion question{.meter_key = reader.meter(),
                           .route = std::nullopt,
                           .granularity = Granularity::Day,
                           .buckets = {},
                           .limit = reader.limit()};
    const Period period = reader.period(question.granularity, now);
    return reader.finish(std::move(question), period);
}

Result<UsageQuestion> read_groups_question(const http::Request& request, Instant now) {
    const auto known = check_query(request, {"customer", "meter", "by", "from", "to", "limit"});
    if (!known) return failure(known);
    QuestionReader reader(request);
    UsageQuestion question{.meter_key = reader.meter(),
                           .route = std::nullopt,
                           .granularity = Granularity::Day,
                           .buckets = {},
                           .limit = reader.limit(),
                           .by = reader.names("by")};
    const Period period = reader.period(question.granularity, now);
    return reader.finish(std::move(question), period);
}

Result<UsageQuestion> read_routes_question(const http::Request& request, Instant now) {
    const auto known = check_query(request, {"customer", "granularity", "from", "to"});
    if (!known) return failure(known);
    QuestionReader reader(request);
    UsageQuestion question{.meter_key = {},
                           .route = std::nullopt,
                           .granularity = reader.granularity(),
                           .buckets = {},
                           .limit = 0};
    const Period period = reader.period(question.granularity, now);
    return reader.finish(std::move(question), period);
}

Result<std::string> read_forecast_question(const http::Request& request) {
    const auto known = check_query(request, {"customer", "meter"});
    if (!known) return failure(known);
    QuestionReader reader(request);
    auto meter = reader.meter();
    if (reader.is_bad()) return std::unexpected(reader.complaints());
    return meter;
}

}  // namespace turnpike
