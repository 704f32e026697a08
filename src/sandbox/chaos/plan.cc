#include "sandbox/chaos/plan.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "http/message.h"
#include "json/object_reader.h"
#include "json/value.h"

namespace turnpike::twin {
namespace {

constexpr std::size_t kOrderMax = 100;
constexpr std::int64_t kWaitMax = 600'000;
constexpr std::int64_t kStrikesMax = 1'000'000;
constexpr std::int64_t kCountMax = 20;
/// Longer than most clients wait for an answer in a test.
constexpr std::chrono::milliseconds kCallTimeout{10'000};

bool has_wait(const ChaosRule& rule) {
    switch (rule.misfortune) {
        case Misfortune::Delay:
        case Misfortune::TimeoutAfterCommit:
        case Misfortune::Reorder:
        case Misfortune::Burst: return true;
        case Misfortune::Timeout: return rule.traffic == Traffic::Calls;
        case Misfortune::Truncate:
        case Misfortune::RateLimit:
        case Misfortune::Error:
        case Misfortune::ErrorAfterCommit:
        case Misfortune::Drop:
        case Misfortune::Duplicate:
        case Misfortune::OldSecret:
        case Misfortune::WrongSignature:
        case Misfortune::OldVersion: return false;
    }
    return false;
}

bool has_count(Misfortune misfortune) {
    return misfortune == Misfortune::Duplicate || misfortune == Misfortune::Burst;
}

/// Whether a text that begins with `start` can match.
bool may_match(std::string_view pattern, std::string_view start) {
    const auto star = std::min(pattern.find('*'), start.size());
    return star <= pattern.size() && pattern.substr(0, star) == start.substr(0, star);
}

/// Calls have a known method, one space, and a path that begins with "/v" and a digit.
bool may_be_call(std::string_view pattern) {
    using http::Method;
    const auto space = pattern.find(' ');
    for (const auto method :
         {Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete, Method::Head})
        for (char digit = '0'; digit <= '9'; ++digit) {
            const auto path = std::string("/v") + digit;
            const auto name = http::to_text(method);
            const bool may = space == std::string_view::npos
                                 ? may_match(pattern, std::string(name) + " " + path)
                                 : matches_pattern(pattern.substr(0, space), name) &&
                                       may_match(pattern.substr(space + 1), path);
            if (may) return true;
        }
    return false;
}

/// {"call": ...} or {"webhook": ..., "endpoint": ...}.
void read_subject(ObjectReader& fields, ChaosRule& rule) {
    const auto call = fields.optional_text("call");
    const auto webhook = fields.optional_text("webhook");
    if (call.has_value() == webhook.has_value())
        fields.complain("call", "required", "A rule is about either a call or a webhook.");
    rule.traffic = webhook ? Traffic::Webhooks : Traffic::Calls;
    rule.about = webhook ? *webhook : call.value_or("*");
    // A path alone means every method.
    if (rule.traffic == Traffic::Calls && rule.about.starts_with('/')) rule.about.insert(0, "* ");
    if (call && !may_be_call(rule.about))
        fields.complain("call", "invalid",
                        "No call is like that: \"POST /v1/customers\", * is any text.");
    if (webhook) rule.endpoint = fields.optional_text("endpoint").value_or("*");
}

void read_misfortune(ObjectReader& fields, ChaosRule& rule) {
    const auto name = fields.required_text("do");
    const auto misfortune = parse_misfortune(name);
    if (misfortune && happens_to(*misfortune, rule.traffic)) {
        rule.misfortune = *misfortune;
        return;
    }
    const std::string what = rule.traffic == Traffic::Calls ? "calls" : "webhooks";
    fields.complain("do", "invalid", "Nothing of this name happens to " + what + ".");
}

void read_order(ObjectReader& fields, ChaosRule& rule) {
    const Json* types = fields.optional_array("order");
    if (types == nullptr) return;
    for (const Json& type : *types)
        rule.order.push_back(type.is_string() ? type.get<std::string>() : "");
    if (rule.order.size() < 2 || rule.order.size() > kOrderMax ||
        std::ranges::find(rule.order, "") != rule.order.end())
        fields.complain("order", "invalid", "2 to 100 types of events.");
}

void read_how_often(ObjectReader& fields, ChaosRule& rule) {
    const auto next = fields.optional_integer("next", {.min = 1, .max = kStrikesMax});
    const auto percent = fields.optional_integer("percent", {.min = 1, .max = 100});
    if (next && percent)
        fields.complain("percent", "invalid", "Either the next ones or a percentage.");
    if (percent && !rule.order.empty())
        fields.complain("percent", "invalid", "An order is kept the next times, not at random.");
    rule.next = percent ? 0 : next.value_or(1);
    rule.percent = percent.value_or(0);
}

ChaosRule read_rule(ObjectReader& fields) {
    ChaosRule rule;
    read_subject(fields, rule);
    read_misfortune(fields, rule);
    if (rule.misfortune == Misfortune::Reorder) read_order(fields, rule);
    read_how_often(fields, rule);
    if (rule.misfortune == Misfortune::OldVersion)
        rule.version = fields.optional_text("version").value_or("");
    if (has_count(rule.misfortune))
        rule.count = fields.optional_integer("count", {.min = 2, .max = kCountMax}).value_or(2);
    const bool is_timeout =
        rule.misfortune == Misfortune::Timeout || rule.misfortune == Misfortune::TimeoutAfterCommit;
    if (is_timeout && has_wait(rule)) rule.wait = kCallTimeout;
    if (has_wait(rule)) {
        const auto wait = fields.optional_integer("wait_ms", {.min = 0, .max = kWaitMax});
        if (wait) rule.wait = std::chrono::milliseconds(*wait);
    }
    return rule;
}

}  // namespace

Result<ChaosRule> read_rule(const Json& body) {
    ObjectReader fields(body);
    auto rule = read_rule(fields);
    return fields.finish(std::move(rule));
}

Result<ChaosPlan> read_plan(const Json& body) {
    ObjectReader fields(body);
    ChaosPlan plan;
    const auto seed = fields.optional_integer(
        "seed", {.min = 0, .max = std::numeric_limits<std::int64_t>::max()});
    plan.seed = static_cast<std::uint64_t>(seed.value_or(1));
    const Json* rules = fields.optional_array("rules");
    if (rules == nullptr) return fields.finish(random_plan(plan.seed));
    if (rules->size() > kChaosRulesMax)
        fields.complain("rules", "too_many", "A plan has up to 100 rules.");
    for (std::size_t i = 0; i < rules->size() && i < kChaosRulesMax; ++i) {
        ObjectReader rule((*rules)[i], "/rules/" + std::to_string(i));
        plan.rules.push_back(read_rule(rule));
        fields.absorb(rule);
    }
    return fields.finish(std::move(plan));
}

Json to_json(const ChaosRule& rule) {
    Json json;
    if (rule.traffic == Traffic::Calls) {
        json["call"] = rule.about;
    } else {
        json["webhook"] = rule.about;
        json["endpoint"] = rule.endpoint;
    }
    json["do"] = std::string(name_of(rule.misfortune));
    if (rule.next > 0)
        json["next"] = rule.next;
    else
        json["percent"] = rule.percent;
    if (has_wait(rule)) json["wait_ms"] = rule.wait.count();
    if (has_count(rule.misfortune)) json["count"] = rule.count;
    if (!rule.order.empty()) json["order"] = rule.order;
    if (!rule.version.empty()) json["version"] = rule.version;
    return json;
}

Json to_json(const ChaosPlan& plan) {
    Json rules = Json::array();
    for (const auto& rule : plan.rules) rules.push_back(to_json(rule));
    return Json{{"seed", plan.seed}, {"rules", std::move(rules)}};
}

ChaosPlan random_plan(std::uint64_t seed) {
    using std::chrono::milliseconds;
    ChaosPlan plan{.seed = seed, .rules = {}};
    const auto add = [&](ChaosRule rule, std::int64_t percent, milliseconds wait) {
        rule.next = 0;
        rule.percent = percent;
        if (has_wait(rule)) rule.wait = wait;
        plan.rules.push_back(std::move(rule));
    };
    for (const auto misfortune :
         {Misfortune::RateLimit, Misfortune::Error, Misfortune::ErrorAfterCommit,
          Misfortune::Truncate, Misfortune::Delay, Misfortune::Timeout,
          Misfortune::TimeoutAfterCommit})
        add({.about = "* /v*", .misfortune = misfortune}, 2, milliseconds(500));
    for (const auto misfortune :
         {Misfortune::Drop, Misfortune::Duplicate, Misfortune::Timeout, Misfortune::Truncate,
          Misfortune::OldSecret, Misfortune::WrongSignature, Misfortune::OldVersion,
          Misfortune::Delay, Misfortune::Reorder, Misfortune::Burst})
        add({.traffic = Traffic::Webhooks, .misfortune = misfortune}, 4, milliseconds(1'000));
    return plan;
}

}  // namespace turnpike::twin
