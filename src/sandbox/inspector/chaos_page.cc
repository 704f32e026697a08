#include "sandbox/inspector/chaos_page.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include <fmt/format.h>

#include "json/value.h"
#include "sandbox/chaos/plan.h"
#include "sandbox/characters.h"
#include "sandbox/documents.h"
#include "sandbox/inspector/table.h"
#include "sandbox/inspector/visit.h"

namespace turnpike::twin {
namespace {

constexpr std::array kMisfortunes{Misfortune::RateLimit,
                                  Misfortune::Error,
                                  Misfortune::ErrorAfterCommit,
                                  Misfortune::Timeout,
                                  Misfortune::Truncate,
                                  Misfortune::Delay,
                                  Misfortune::TimeoutAfterCommit,
                                  Misfortune::Drop,
                                  Misfortune::Duplicate,
                                  Misfortune::Reorder,
                                  Misfortune::Burst,
                                  Misfortune::OldSecret,
                                  Misfortune::WrongSignature,
                                  Misfortune::OldVersion};

constexpr const char* kNoForm = "This form is not one of this page.";

constexpr std::string_view kIntroduction =
    "<p>What goes wrong on purpose, between this sandbox and those who call it (calls of the API) "
    "or hear from it (webhooks). The first rule that strikes decides. Pages are never struck.</p>"
    "\n";

// --- what is planned and has happened --------------------------------------------------------

/// A rule's member as text; "" if it has none.
std::string shown(const Json& rule, const char* member) {
    const auto found = rule.find(member);
    if (found == rule.end() || found->is_null()) return "";
    return found->is_string() ? found->get<std::string>() : found->dump();
}

std::string about_text(const Json& rule) {
    if (rule.contains("call")) return "calls " + shown(rule, "call");
    return "webhooks " + shown(rule, "webhook") + " to " + shown(rule, "endpoint");
}

std::string misfortune_text(const Json& rule) {
    std::string text = shown(rule, "do");
    if (rule.contains("wait_ms")) text += ", waits " + shown(rule, "wait_ms") + " ms";
    if (rule.contains("count")) text += ", " + shown(rule, "count") + " of them";
    if (rule.contains("version")) text += ", " + shown(rule, "version");
    for (const Json& type : part_of(rule, "order")) text += ", " + type.get<std::string>();
    return text;
}

std::string when_text(const Json& rule) {
    if (rule.contains("percent")) return shown(rule, "percent") + " %";
    return "the next " + shown(rule, "next");
}

/// With what was shown, so that the rule that has come to its place since is not taken for it.
std::string remove_form(std::size_t place, Json rule) {
    rule.erase("strikes");
    return post_form(
        "remove",
        hidden_field("place", std::to_string(place)) + hidden_field("seen", to_text(rule)),
        fmt::format("Remove rule {}", place + 1), "quiet");
}

std::string plan_section(const Json& overview) {
    using enum Table::Shape;
    Table table(
        {{"Rule", Number}, {"About"}, {"What happens"}, {"When"}, {"Struck", Number}, {"Change"}});
    std::size_t number = 0;
    for (const Json& rule : overview.at("rules")) {
        table.add({std::to_string(number + 1), escape_html(about_text(rule)),
                   escape_html(misfortune_text(rule)), escape_html(when_text(rule)),
                   std::to_string(integer_of(rule, "strikes")), remove_form(number, rule)});
        ++number;
    }
    if (number == 0)
        return "<section><h2>Plan</h2><p>Nothing goes wrong: there is no rule.</p></section>\n";
    return fmt::format("<section><h2>Plan</h2><p>Seed {}, {} {}.</p>{}{}</section>\n",
                       overview.at("seed").dump(), number, number == 1 ? "rule" : "rules",
                       table.html(""), post_form("clear", "", "Clear the plan", "quiet"));
}

std::string happened_section(const Json& overview) {
    using enum Table::Shape;
    const Json& happened = overview.at("happened");
    Table table({{"At", Whole}, {"Rule", Number}, {"What"}, {"About"}});
    for (auto line = happened.rbegin(); line != happened.rend(); ++line) {
        const bool is_there = !line->at("rule").is_null();
        table.add({escape_html(text_of(*line, "at")),
                   is_there ? std::to_string(integer_of(*line, "rule") + 1) : "removed",
                   escape_html(text_of(*line, "do")), escape_html(text_of(*line, "about"))});
    }
    return "<section><h2>Recent strikes</h2>" + table.html("None.") + "</section>\n";
}

// --- forms -----------------------------------------------------------------------------------

/// A field of one of the forms, which share names but not ids; filled again after a complaint.
class Fields {
public:
    Fields(std::string form_name, const Json& typed) : form_(std::move(form_name)) {
        if (text_of(typed, "action") == form_) typed_ = &typed;
    }
    void text(const char* name, std::string_view label, const std::string& usual) {
        html_ += fmt::format(
            "<label for=\"{0}_{1}\">{2}</label><input id=\"{0}_{1}\" name=\"{1}\" value=\"{3}\" "
            "autocomplete=\"off\">",
            form_, name, label, escape_html(typed_ ? text_of(*typed_, name) : usual));
    }
    void misfortunes(Traffic traffic) {
        const std::string chosen = typed_ ? text_of(*typed_, "do") : "";
        std::string options;
        for (const Misfortune each : kMisfortunes)
            if (happens_to(each, traffic))
                options += fmt::format("<option{}>{}</option>",
                                       chosen == name_of(each) ? " selected" : "", name_of(each));
        html_ += fmt::format(
            "<label for=\"{0}_do\">What happens</label><select id=\"{0}_do\" name=\"do\">{1}"
            "</select>",
            form_, options);
    }
    void how_often() {
        text("next", "How many times (1 if empty)", "");
        text("percent", "Or at random, so often in a hundred", "");
        text("wait_ms",
             "Milliseconds to wait, where it waits (if empty, 1000; a call's time-out 10000)", "");
    }
    [[nodiscard]] std::string form(std::string_view button) const {
        return post_form(form_, html_ + "<br>", button);
    }

private:
    std::string form_;
    const Json* typed_ = nullptr;
    std::string html_;
};

std::string call_form(const Json& typed) {
    Fields fields("add_call", typed);
    fields.text("call", "Method and path, * is any text", "POST /v1/*");
    fields.misfortunes(Traffic::Calls);
    fields.how_often();
    return "<section><h2>Strike calls</h2>" + fields.form("Add a rule of calls") + "</section>\n";
}

std::string webhook_form(const Json& typed) {
    Fields fields("add_webhook", typed);
    fields.text("webhook", "Type of event, * is any text", "*");
    fields.text("endpoint", "Endpoint: its id or URL, * is every one", "*");
    fields.misfortunes(Traffic::Webhooks);
    fields.how_often();
    fields.text("count", "How many, of a duplicate or a burst (2 if empty)", "");
    fields.text("order", "Types in their order, with commas, of a reorder", "");
    fields.text("version", "API version, of an old version", "");
    return "<section><h2>Strike webhooks</h2>" + fields.form("Add a rule of webhooks") +
           "</section>\n";
}

std::string seed_form(const Json& typed, const Json& overview) {
    const std::string kept = text_of(typed, "seed");
    return fmt::format(
        "<section><h2>Seed</h2><p class=\"soft\">The same number draws the same "
        "misfortune.</p><form method=\"post\"><label for=\"seed\">Seed</label><input id=\"seed\" "
        "name=\"seed\" inputmode=\"numeric\" autocomplete=\"off\" required value=\"{}\"><br>"
        "<button name=\"action\" value=\"seed\">Begin again with this seed</button> "
        "<button class=\"quiet\" name=\"action\" value=\"random\">A little of everything</button>"
        "</form></section>\n",
        escape_html(kept.empty() ? overview.at("seed").dump() : kept));
}

/// The message of a refused document only puts its complaints into one line.
std::string problem_text(const Error& error) {
    if (error.fields.empty()) return error.message;
    std::string text;
    for (const FieldError& field : error.fields) {
        const std::string_view name = field.pointer;
        text += (text.empty() ? "" : " ") +
                std::string(name.substr(name.starts_with('/') ? 1 : 0)) + ": " + field.detail;
    }
    return text;
}

PageAnswer page_with(const Json& overview, const Notice& said) {
    std::string body(kIntroduction);
    body += said.html() + plan_section(overview) + call_form(said.typed) +
            webhook_form(said.typed) + seed_form(said.typed, overview) + happened_section(overview);
    return inspector_page("Chaos", "", body);
}

// --- what was sent ---------------------------------------------------------------------------

/// A number as one, and anything else as it is, for whoever reads it to complain about.
Json number_or_text(const std::string& text) {
    const auto number = parse_integer(text);
    return number ? Json(*number) : Json(text);
}

Json split_at_commas(std::string_view text) {
    Json parts = Json::array();
    while (true) {
        const auto comma = text.find(',');
        parts.push_back(std::string(trimmed(text.substr(0, comma))));
        if (comma == std::string_view::npos) return parts;
        text.remove_prefix(comma + 1);
    }
}

/// What POST /_sandbox/chaos would be sent. Fields that were left empty are not there.
Json rule_of_form(const Json& form) {
    Json rule = Json::object();
    for (const char* name : {"call", "webhook", "endpoint", "do", "version"})
        if (const auto text = typed_text(form, name); !text.empty()) rule[name] = text;
    for (const char* name : {"next", "percent", "wait_ms", "count"})
        if (const auto text = typed_text(form, name); !text.empty())
            rule[name] = number_or_text(text);
    if (const auto text = typed_text(form, "order"); !text.empty())
        rule["order"] = split_at_commas(text);
    return rule;
}

asio::awaitable<Notice> add_rule(Chaos& chaos, const Json& form) {
    const auto rule = read_rule(rule_of_form(form));
    if (!rule) co_return problem(problem_text(rule.error()), form);
    auto adding = chaos.add(*rule);
    const auto added = co_await std::move(adding);
    co_return added ? done("The rule is in the plan.") : problem(added.error().message, form);
}

asio::awaitable<Notice> remove_rule(Chaos& chaos, const Json& form) {
    const Json place = number_or_text(text_of(form, "place"));
    const auto seen = parse_json(text_of(form, "seen"));
    auto rule = seen ? read_rule(*seen) : Result<ChaosRule>(failure(seen));
    if (!rule || !place.is_number_integer() || place < 0) co_return problem(kNoForm);
    auto removing = chaos.remove(place.get<std::size_t>(), *std::move(rule));
    const bool removed = co_await std::move(removing);
    co_return removed ? done("The rule is no longer in the plan.")
                      : problem("The plan has changed since: nothing was removed.");
}

/// Another plan in place of the present one: its rules with another seed, or some of everything.
asio::awaitable<Notice> replace_plan(Chaos& chaos, const Json& form) {
    Json wanted = Json::object();
    wanted["seed"] = number_or_text(typed_text(form, "seed"));
    auto plan = read_plan(wanted);
    if (!plan) co_return problem(problem_text(plan.error()), form);
    const bool keeps_rules = text_of(form, "action") == "seed";
    if (keeps_rules) {
        const auto known = chaos.plan();
        plan->rules = known ? known->rules : std::vector<ChaosRule>{};
    }
    auto setting = chaos.set(*std::move(plan));
    co_await std::move(setting);
    co_return done(keeps_rules ? "It begins again, with this seed."
                               : "The plan has a little of everything.");
}

asio::awaitable<Notice> clear_plan(Chaos& chaos, const Json& /*form*/) {
    co_await chaos.clear();
    co_return done("The plan is empty.");
}

asio::awaitable<Notice> find_no_form(Chaos& /*chaos*/, const Json& /*form*/) {
    co_return problem(kNoForm);
}

struct FormAction {
    std::string_view name;
    asio::awaitable<Notice> (*change)(Chaos&, const Json&);
};
constexpr auto kActions = std::to_array<FormAction>({
    {"add_call", add_rule},
    {"add_webhook", add_rule},
    {"remove", remove_rule},
    {"seed", replace_plan},
    {"random", replace_plan},
    {"clear", clear_plan},
});

}  // namespace

asio::awaitable<PageAnswer> chaos_page(Chaos& chaos, Notice said) {
    const Json overview = co_await chaos.overview();
    co_return page_with(overview, said);
}

asio::awaitable<Notice> change_chaos(Chaos& chaos, const Json& form) {
    const auto* const known =
        std::ranges::find(kActions, text_of(form, "action"), &FormAction::name);
    return (known == kActions.end() ? find_no_form : known->change)(chaos, form);
}

}  // namespace turnpike::twin
