#include "analytics/usage/usage_calendar.h"

namespace turnpike {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::months;
using std::chrono::weeks;

Instant month_start(Instant moment) {
    const std::chrono::year_month_day day{std::chrono::floor<days>(moment)};
    return std::chrono::sys_days{day.year() / day.month() / 1};
}

Instant week_start(Instant moment) {
    const auto day = std::chrono::floor<days>(moment);
    return day - (std::chrono::weekday{day} - std::chrono::Monday);
}

Instant start_of(Instant moment, Granularity granularity) {
    switch (granularity) {
        case Granularity::Hour: return std::chrono::floor<hours>(moment);
        case Granularity::Day: return std::chrono::floor<days>(moment);
        case Granularity::Week: return week_start(moment);
        case Granularity::Month: return month_start(moment);
    }
    return moment;
}

}  // namespace

std::string_view to_text(Granularity granularity) {
    switch (granularity) {
        case Granularity::Hour: return "hour";
        case Granularity::Day: return "day";
        case Granularity::Week: return "week";
        case Granularity::Month: return "month";
    }
    return "";
}

std::optional<Granularity> parse_granularity(std::string_view text) {
    for (const auto granularity :
         {Granularity::Hour, Granularity::Day, Granularity::Week, Granularity::Month})
        if (text == to_text(granularity)) return granularity;
    return std::nullopt;
}

Instant moved_by_buckets(Instant start, Granularity granularity, int count) {
    switch (granularity) {
        case Granularity::Hour: return start + hours(count);
        case Granularity::Day: return start + days(count);
        case Granularity::Week: return start + weeks(count);
        case Granularity::Month: break;
    }
    const std::chrono::year_month_day day{std::chrono::floor<days>(start)};
    return std::chrono::sys_days{(day.year() / day.month() + months(count)) / 1};
}

Period bucket_at(Instant moment, Granularity granularity) {
    const Instant start = start_of(moment, granularity);
    return {start, moved_by_buckets(start, granularity, 1)};
}

std::optional<std::vector<Period>> buckets_of(const Period& asked, Granularity granularity) {
    std::vector<Period> buckets;
    for (Period bucket = bucket_at(asked.start, granularity); bucket.start < asked.end;
         bucket = bucket_at(bucket.end, granularity)) {
        if (buckets.size() == kBucketsMax) return std::nullopt;
        buckets.push_back(bucket);
    }
    return buckets;
}

}  // namespace turnpike
