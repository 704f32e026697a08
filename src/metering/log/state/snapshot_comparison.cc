#include "metering/log/state/snapshot_comparison.h"

#include <array>
#include <map>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "base/check.h"

namespace turnpike {
namespace {

/// What a state says of one thing.
struct Said {
    std::string records;  ///< all of it
    std::string shown;    ///< what people look for
};
using Statements = std::map<std::string, Said>;

/// Both states number their names and counters alike: names are compared as well.
class Reading {
public:
    Statements of(const UsageState& state) {
        const auto written = state.write_snapshot([this](std::string_view records) {
            RecordReader reader(records);
            while (const auto record = reader.next())
                std::visit([this](const auto& known) { say(known); }, *record);
            return Result<std::monostate>();
        });
        check(written.has_value(), "memory takes what is written");
        return std::move(statements_);
    }

private:
    template <class Record>
    Said& add(const std::string& thing, const Record& record) {
        Said& said = statements_[thing];
        write_record(said.records, UsageRecord(record), Instant{});
        return said;
    }
    const std::string& name(NameTable table, std::uint32_t index) const {
        return names_[static_cast<std::size_t>(table)].at(index);
    }
    std::string contract(std::uint32_t customer, std::uint32_t subscription) const {
        const auto& of = name(NameTable::Subscription, subscription);
        return fmt::format("{}, {}", name(NameTable::Customer, customer),
                           of.empty() ? "the default plan" : of);
    }

    void say(const NameRecord& record) {
        auto& names = names_[static_cast<std::size_t>(record.table)];
        const auto thing =
            fmt::format("name {} of table {}", names.size(), static_cast<int>(record.table));
        names.emplace_back(record.text);
        add(thing, record).shown = record.text;
    }
    void say(const AllowanceRecord& record) {
        auto& thing = counters_[record.counter];
        thing = fmt::format("counter {} ({}, {}, {} from {} us on)", record.counter,
                            contract(record.customer, record.subscription),
                            name(NameTable::Meter, record.meter), to_text(record.rule.reset),
                            unix_micros(record.period.start));
        add(thing, record);
    }
    void say(const UsedRecord& record) {
        add(counters_[record.counter], record).shown =
            fmt::format("{} millionths used", record.used.scaled());
    }
    void say(const TrailRecord& record) {
        const auto buckets = read_buckets(record.buckets);
        add("the past of " + counters_[record.counter], record).shown =
            fmt::format("{} buckets until {} us", buckets ? buckets->size() : 0,
                        unix_micros(record.last_at.value_or(Instant{})));
    }
    void say(const UniqueRecord& record) {
        auto& values = values_[record.counter];
        values += record.hashes.size() / sizeof(std::uint64_t);
        add("the values of " + counters_[record.counter], record).shown =
            fmt::format("{} different ones", values);
    }
    void say(const TotalsRecord& record) {
        add("the totals", record).shown =
            fmt::format("{} arrivals, {} events", record.arrivals, record.events);
    }
    void say(const CorrectedRecord& record) {
        const auto thing = fmt::format("the corrected event {} of arrival {}",
                                       record.original.position, record.original.arrival);
        add(thing, record).shown =
            record.is_voided
                ? "voided"
                : fmt::format("amended to {}", record.amended.value_or(Quantity{}).text());
    }
    void say(const CorrectionRecord& /*record*/) {}
    void say(const HoldRecord& record) {
        add(fmt::format("reservation {} ({} of source {})", record.number, record.id,
                        name(NameTable::Source, record.source)),
            record)
            .shown = to_text(record.state);
    }
    void say(const ArrivalRecord& /*record*/) {}
    void say(const EventRecord& /*record*/) {}
    void say(const HoldEndRecord& /*record*/) {}

    Statements statements_;
    std::array<std::vector<std::string>, kNameTables> names_;
    std::map<std::uint32_t, std::string> counters_;
    std::map<std::uint32_t, std::size_t> values_;
};

}  // namespace

std::vector<std::string> differences_between(const UsageState& snapshot,
                                             const UsageState& segments) {
    const auto remembered = Reading().of(snapshot), recounted = Reading().of(segments);
    std::vector<std::string> differences;
    std::size_t more = 0;
    const auto tell = [&](std::string difference) {
        if (differences.size() < kDifferencesMax)
            differences.push_back(std::move(difference));
        else
            ++more;
    };
    for (const auto& [thing, said] : recounted) {
        const auto known = remembered.find(thing);
        if (known == remembered.end())
            tell(fmt::format("it does not know {}", thing));
        else if (known->second.records != said.records)
            tell(fmt::format("{}: the snapshot says {}, the segments say {}", thing,
                             known->second.shown, said.shown));
    }
    for (const auto& [thing, said] : remembered)
        if (!recounted.contains(thing))
            tell(fmt::format("it knows {}, and the segments do not", thing));
    if (more > 0) differences.push_back(fmt::format("and {} more", more));
    return differences;
}

}  // namespace turnpike
